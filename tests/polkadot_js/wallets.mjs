// Our keys, addresses, signatures and files against the libraries that real wallets use, and theirs
// against us. Arguments: the poolminer program, an empty directory to work in.
import assert from 'node:assert/strict'
import { execFileSync, spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Keyring } from '@polkadot/keyring'
import { hexToU8a, u8aToHex } from '@polkadot/util'
import {
  cryptoWaitReady,
  ed25519Verify,
  mnemonicGenerate,
  randomAsHex,
  sr25519Sign,
  sr25519Verify
} from '@polkadot/util-crypto'
import sodium from 'libsodium-wrappers-sumo'

const [program, home] = process.argv.slice(2)
const env = { PATH: process.env.PATH, HOME: home }
const verify = { sr25519: sr25519Verify, ed25519: ed25519Verify }
let count = 0

function wallet(args, input) {
  return execFileSync(program, ['wallet', ...args], { env, input, encoding: 'utf8' })
}

// A wallet of its own for each key.
function importKey(secret, type) {
  const name = `w${count++}`
  wallet(['import', '--secret-fd', '0', '--wallet.name', name, '--scheme', type], secret + '\n')
  return ['--wallet.name', name]
}

function fileOf(options) {
  return join(home, '.bittensor/wallets', options[1], 'hotkeys/default')
}

function theirPair(uri, type) {
  return new Keyring({ type, ss58Format: 42 }).addFromUri(uri)
}

function checkSignatures(options, pair, type) {
  const text = `auth:${1700000000 + count}`
  const bytes = new TextEncoder().encode(text)
  const ours = wallet(['sign', text, ...options]).trim()
  assert.ok(verify[type](bytes, hexToU8a('0x' + ours), pair.publicKey), 'they verify ours')
  const theirs = u8aToHex(pair.sign(bytes))
  const args = ['wallet', 'verify', pair.address, text, theirs, '--scheme', type]
  assert.equal(spawnSync(program, args, { env }).status, 0, 'we verify theirs')
  args[3] = text + '0'
  assert.equal(spawnSync(program, args, { env }).status, 1, 'of this text only')
}

function checkUri(uri, type) {
  const pair = theirPair(uri, type)
  const options = importKey(uri, type)
  const shown = JSON.parse(wallet(['show', '--json', ...options]))
  assert.equal(shown.address, pair.address, 'the same address')
  checkSignatures(options, pair, type)
  return { pair, options }
}

// What we write is enough for them, whichever member they take.
function checkFile(options, pair) {
  const file = JSON.parse(readFileSync(fileOf(options), 'utf8'))
  assert.equal(file.ss58Address, pair.address)
  assert.equal(file.publicKey, u8aToHex(pair.publicKey))
  assert.equal(theirPair(file.secretPhrase, 'sr25519').address, pair.address)
  assert.equal(theirPair(file.secretSeed, 'sr25519').address, pair.address)
}

// The private key of a soft child is all there is: it must sign for them as it does for us.
function checkPrivateKey(options, pair) {
  const file = JSON.parse(readFileSync(fileOf(options), 'utf8'))
  assert.equal(file.secretPhrase, null)
  assert.equal(file.secretSeed, null)
  // Key files have the scalar as it is; the library wants it times the cofactor.
  const secret = hexToU8a(file.privateKey)
  let carry = 0
  for (let i = 0; i < 32; i++) {
    const shifted = (secret[i] << 3) | carry
    secret[i] = shifted & 255
    carry = shifted >> 8
  }
  const signature = sr25519Sign('auth:1', { publicKey: pair.publicKey, secretKey: secret })
  assert.ok(sr25519Verify('auth:1', signature, pair.publicKey))
}

async function checkEncrypted() {
  await sodium.ready
  const words = mnemonicGenerate(12)
  const options = ['--wallet.name', `w${count++}`]
  const password = 'correct horse 42!'
  // The program takes both from its standard input, one line each.
  const input = `${words}\n${password}\n`
  wallet(['import', '--secret-fd', '0', '--encrypt', '--password-fd', '0', ...options], input)
  const blob = readFileSync(fileOf(options))
  assert.equal(blob.subarray(0, 5).toString(), '$NACL')
  const salt = sodium.from_hex('137183dff15a09bc9c90b5518739e9b1')
  const key = sodium.crypto_pwhash(32, password, salt, 8, 536870912,
    sodium.crypto_pwhash_ALG_ARGON2I13)
  const opened = sodium.crypto_secretbox_open_easy(blob.subarray(29), blob.subarray(5, 29), key)
  assert.equal(JSON.parse(sodium.to_string(opened)).secretPhrase, words)
}

await cryptoWaitReady()
for (const length of [12, 15, 18, 21, 24]) {
  const { pair, options } = checkUri(mnemonicGenerate(length), 'sr25519')
  checkFile(options, pair)
}
for (const path of ['//hard', '//0', '//18446744073709551615', '/soft', '//a/b//c/1',
  '//' + 'long'.repeat(20), '///password', '//hard/soft///pass/word']) {
  checkUri(mnemonicGenerate(12) + path, 'sr25519')
}
const soft = checkUri(randomAsHex(32) + '/soft', 'sr25519')
checkPrivateKey(soft.options, soft.pair)
for (const path of ['', '//hard', '//1//two', '///password']) {
  checkUri(mnemonicGenerate(24) + path, 'ed25519')
}
await checkEncrypted()
console.log(`${count} keys: addresses, signatures both ways, files`)
