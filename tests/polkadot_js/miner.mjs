// A miner that knows of the pool what the network's page on its API says and nothing else, signs with
// the library that real miners' keys come from, and makes every call: a stand-in for the clients that
// exist. Arguments: the pool's program, an empty directory to work in.
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { Keyring } from '@polkadot/keyring'
import { u8aToHex } from '@polkadot/util'
import { cryptoWaitReady } from '@polkadot/util-crypto'

const [program, home] = process.argv.slice(2)
const patienceMs = 60000
const epochSeconds = 2
const monitorToken = 'a token of the operator'
const keyring = new Keyring({ type: 'sr25519', ss58Format: 42 })

const evolved = [
  '# meta: scalar_count=20 vector_count=10 matrix_count=5 vector_dim=16 ' +
    'setup_max_ops=30 predict_max_ops=30 learn_max_ops=30',
  'def Setup():', '  s2 = 0.01',
  'def Predict():', '  s0 = dot(v0, v1)',
  'def Learn():', '  s3 = s1 - s0', '  s3 = s3 * s2', '  v2 = s3 * v0', '  v1 = v1 + v2'
]

async function until(what, found) {
  const end = Date.now() + patienceMs
  for (;;) {
    const value = await found()
    if (value) {
      return value
    }
    assert.ok(Date.now() < end, `waited too long for ${what}`)
    await pause(100)
  }
}

async function startPool() {
  const ready = join(home, 'ready')
  const token = join(home, 'token')
  writeFileSync(token, monitorToken + '\n', { mode: 0o600 })
  const child = spawn(program, ['--port', '0', '--store', join(home, 'pool.db'),
    '--epoch-s', String(epochSeconds), '--monitor-token-file', token, '--ready-file', ready],
  { stdio: ['ignore', 'inherit', 'inherit'], env: { PATH: process.env.PATH, HOME: home } })
  await until('the pool', () => {
    assert.equal(child.exitCode, null, 'the pool ended')
    return existsSync(ready)
  })
  return { child, url: `http://127.0.0.1:${JSON.parse(readFileSync(ready, 'utf8')).port}` }
}

async function send(method, path, headers, body) {
  const answer = await fetch(pool.url + path, {
    method,
    headers: body === undefined ? headers : { 'Content-Type': 'application/json', ...headers },
    body: body === undefined ? undefined : JSON.stringify(body)
  })
  assert.match(answer.headers.get('content-type'), /^application\/json/, path)
  const text = await answer.text()
  const date = Date.parse(answer.headers.get('date'))
  return { status: answer.status, text, date, json: JSON.parse(text) }
}

async function done(promise) {
  const { status, json } = await promise
  assert.equal(status, 200, JSON.stringify(json))
  return json
}

async function refused(promise, status, detail) {
  const answer = await promise
  assert.equal(answer.status, status, JSON.stringify(answer.json))
  assert.match(answer.json.detail, detail)
}

class Miner {
  constructor(name) {
    this.pair = keyring.addFromUri(`//${name}`)
    this.address = this.pair.address
    this.coldkey = keyring.addFromUri(`//${name}//cold`).address
  }

  sign(text, prefix = '') {
    return prefix + u8aToHex(this.pair.sign(text)).slice(2)
  }

  proof(seconds = Math.floor(Date.now() / 1000), prefix) {
    return {
      'X-Key': this.address,
      'X-Timestamp': String(seconds),
      'X-Signature': this.sign(`auth:${seconds}`, prefix)
    }
  }

  call(method, path, body, headers = this.proof()) {
    return send(method, '/api/v1' + path, headers, body)
  }

  submit(path, work) {
    const headers = this.proof()
    return this.call('POST', path, {
      ...work,
      public_address: this.address,
      signature: headers['X-Signature'],
      message: `auth:${headers['X-Timestamp']}`
    }, headers)
  }

  setColdkey(method) {
    const seconds = Math.floor(Date.now() / 1000)
    return this.call(method, '/miners/recipient-coldkey', { recipient_coldkey: this.coldkey }, {
      'X-Key': this.address,
      'X-Timestamp': String(seconds),
      'X-Signature': this.sign(`recipient_coldkey:update:${seconds}:${this.coldkey}`)
    })
  }
}

function checkAlgorithms(algorithms, fewest) {
  assert.ok(algorithms.length >= fewest)
  for (const { id, algorithm_dsl: text, input_dim: inputs } of algorithms) {
    assert.ok(Number.isInteger(id) && inputs === 16)
    assert.match(text, /def Predict\(\):/)
  }
}

function evaluationsOf(algorithms, score) {
  return algorithms.map(({ id }) => ({ algorithm_id: id, score }))
}

async function checkPublicCalls() {
  const health = await done(send('GET', '/health', {}))
  assert.equal(health.status, 'healthy')
  for (const figure of ['window_number', 'current_block', 'time_remaining_s']) {
    assert.equal(typeof health[figure], 'number', figure)
  }
  assert.equal((await done(send('GET', '/api/v1/results/sota?task_type=cifar10_binary', {})))
    .sota_score, null)
  assert.deepEqual((await done(send('GET', '/api/v1/miners/leaderboard?limit=3', {}))).miners, [])
}

async function checkProofs(miner) {
  const path = '/miners/stats'
  await refused(send('GET', '/api/v1' + path, {}), 401, /X-Key|header/i)
  const seconds = Math.floor(Date.now() / 1000)
  await refused(miner.call('GET', path, undefined, miner.proof(seconds - 400)), 401, /clock|time/i)
  await refused(miner.call('GET', path, undefined,
    { ...miner.proof(), 'X-Signature': miner.sign('auth:1') }), 401, /signature/i)
  await done(miner.call('GET', path, undefined, miner.proof(seconds, '0x')))
}

// As a miner does whose machine's clock is wrong: a refusal's Date says by how much.
async function checkAWrongClock(miner) {
  const wrong = () => Math.floor(Date.now() / 1000) + 5000
  const before = wrong()
  const { status, date } = await miner.call('GET', '/miners/stats', undefined, miner.proof(before))
  assert.equal(status, 401)
  const ahead = before - Math.floor(date / 1000)
  assert.ok(Math.abs(ahead - 5000) < patienceMs / 1000, `the pool's Date is ${ahead} s behind`)
  await done(miner.call('GET', '/miners/stats', undefined, miner.proof(wrong() - ahead)))
}

async function checkRegistration(miner, method) {
  const registered = await done(miner.call('POST', '/miners/register'))
  assert.equal(registered.hotkey, miner.address)
  assert.equal(registered.reputation, 0)
  await done(miner.setColdkey(method))
  const own = await done(miner.call('GET', '/miners/recipient-coldkey'))
  assert.equal(own.recipient_coldkey, miner.coldkey)
  const seen = await done(send('GET', `/api/v1/miners/recipient-coldkey/${miner.address}`, {}))
  assert.deepEqual(seen, own)
}

async function lease(miner) {
  const granted = await done(miner.call('POST', '/tasks/lease', {
    task_type: 'cifar10_binary', eval_batch_size: 8, seed_batch_size: 8, gossip_limit: 0
  }))
  assert.equal(typeof granted.lease_id, 'string')
  assert.equal(typeof granted.window_number, 'number')
  assert.ok(Date.parse(granted.timeout_at) > Date.now())
  assert.ok(granted.evolve_budget >= 1)
  checkAlgorithms(granted.evaluate_algorithms, 1)
  checkAlgorithms(granted.seed_algorithms, 2)
  return granted
}

// What the lease asks for, all judged alike; the author brings an evolution with it.
async function workALease(miner, evolution) {
  const pending = await done(miner.call('GET', '/tasks/pending_evaluations'))
  assert.ok(pending.has_pending_evaluations && pending.count >= 1)
  const granted = await lease(miner)
  await refused(miner.call('POST', '/tasks/lease', {}), 400, /Miner already has active task/)
  const work = {
    evaluations: evaluationsOf(granted.evaluate_algorithms, 0.9),
    evolutions: evolution === undefined ? [] : [{
      parent_algorithm_ids: granted.seed_algorithms.slice(0, 2).map(({ id }) => id),
      algorithm_dsl: evolution
    }],
    iterations: 58,
    gossip: null
  }
  const path = `/tasks/${granted.lease_id}/submit_lease`
  const first = await miner.submit(path, work)
  assert.equal(first.status, 200, first.text)
  assert.equal((await miner.submit(path, work)).text, first.text, 'sent twice, answered once')
  await refused(miner.submit('/tasks/00000000000000000000000000000000/submit_lease', work), 404,
    /Active lease assignment not found/)
}

// One call for one kind of work: the pool knows both, and chooses for who does not say. Nobody is
// given work that there is not.
async function judgeATask(miner) {
  const task = await done(miner.call('POST', '/tasks/request'))
  assert.equal(task.task_type, 'evaluate')
  checkAlgorithms(task.algorithms, 1)
  await done(miner.submit(`/tasks/${task.batch_id}/submit_evaluation`,
    { evaluations: evaluationsOf(task.algorithms, 0.85) }))
  await refused(miner.call('POST', '/tasks/request', { task_type: 'evaluate' }), 404, /No work/)
  return task.algorithms.map(({ id }) => id)
}

async function evolveATask(miner, evolution, wish) {
  const task = await done(miner.call('POST', '/tasks/request', wish))
  assert.equal(task.task_type, 'evolve')
  checkAlgorithms(task.algorithms, 2)
  await done(miner.submit(`/tasks/${task.batch_id}/submit_evolution`, {
    evolved_function: evolution,
    parent_functions: task.algorithms.map(({ id }) => ({ id }))
  }))
}

async function checkResults(miner, judged) {
  const best = await done(send('GET', '/api/v1/results/sota?task_type=cifar10_binary', {}))
  assert.equal(best.sota_score, 0.9)
  for (const id of judged) {
    await done(miner.call('POST', `/results/verify/${id}`))
  }
  const { results } = await done(
    miner.call('GET', '/results?limit=10&task_type=cifar10_binary&min_score=0.5'))
  assert.equal(results.length, judged.length)
}

async function checkMoney(miner, other) {
  const path = `/rewards/balance/${miner.address}`
  const balance = await until('a payout', async () => {
    const now = await done(miner.call('GET', path))
    assert.equal(typeof now.pending_reputation, 'number')
    assert.equal(typeof now.estimated_pending_rao, 'number')
    // Nothing more is to come for it then, whatever epochs end in between.
    return now.balance_rao > 0 && now.pending_reputation === 0 && now
  })
  const { payouts } = await done(miner.call('GET', `/rewards/history/${miner.address}`))
  assert.equal(payouts.reduce((sum, { amount_rao: rao }) => sum + rao, 0), balance.balance_rao)
  await refused(other.call('GET', path), 403, /./)
  const asked = await done(miner.call('POST', `/rewards/withdraw/${miner.address}`))
  assert.equal(asked.recipient_coldkey, miner.coldkey)
  assert.equal((await done(miner.call('GET', path))).balance_rao, 0)
  await refused(miner.call('POST', `/rewards/withdraw/${miner.address}`), 409, /waits/)
  const poor = new Miner('poor')
  await checkRegistration(poor, 'PUT')
  await refused(poor.call('POST', `/rewards/withdraw/${poor.address}`), 400,
    /Cannot withdraw - below minimum/)
}

async function checkFigures(miner) {
  const stats = await done(miner.call('GET', '/miners/stats'))
  assert.equal(stats.evolutions_over_threshold, 1)
  assert.equal(stats.accuracy_rate, 1)
  const { miners } = await done(send('GET', '/api/v1/miners/leaderboard?limit=10', {}))
  assert.ok(miners.some(({ hotkey }) => hotkey === miner.address))
  const totals = await done(send('GET', '/api/v1/monitor/summary',
    { Authorization: `Bearer ${monitorToken}` }))
  assert.equal(totals.algorithms_waiting, 2)
}

async function mine() {
  const author = new Miner('author')
  const judges = ['one', 'two', 'three'].map((name) => new Miner(name))
  await checkPublicCalls()
  let method = 'PUT'
  for (const miner of [author, ...judges]) {
    await checkRegistration(miner, method)
    method = 'POST'
  }
  await checkProofs(author)
  await checkAWrongClock(author)
  await workALease(author, evolved.join('\n'))
  await workALease(judges[0])
  await workALease(judges[1])
  // The pool's own seeds are agreed on; the last judge finds the author's program alone.
  const judged = await judgeATask(judges[2])
  assert.equal(judged.length, 1)
  await evolveATask(judges[2], evolved.join('\n').replace('0.01', '0.02'), { task_type: 'evolve' })
  // Nothing waits for its author: who does not say what it wants evolves.
  await evolveATask(judges[2], evolved.join('\n').replace('0.01', '0.03'))
  await checkResults(judges[2], judged)
  await checkFigures(author)
  await checkMoney(author, judges[0])
}

await cryptoWaitReady()
const pool = await startPool()
try {
  await mine()
} finally {
  pool.child.kill('SIGTERM')
}
const ended = await until('its end', () => pool.child.exitCode !== null && pool.child)
assert.equal(ended.exitCode, 0)
