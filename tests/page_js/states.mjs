// A state of the sidecar, as docs/page.md has it, to be changed by each test.
import {readFileSync} from "node:fs";

export const NOW_MS = Date.now();
export const page = readFileSync(new URL("./page/index.html", import.meta.url), "utf8");

export function mining(changes = {}) {
  return {
    status: "mining", now_ms: NOW_MS, wish: "auto",
    completed_jobs: 40, successful_submissions: 12, refused_submissions: 1, expired_leases: 2, unpaid_results: 3,
    miner: {
      account: "5Hot@0123456789abcdef", hotkey: "5GrwvaEF5zXb26Fz9rcQpDWS57CtERHp", run: "r", pool: "http://p:1", pool_is_away: false,
      trouble: "", stats_ms: NOW_MS - 20000,
      lease: {jobs: 4, jobs_done: 1, algorithms: 7, seeds: 2, begun_ms: NOW_MS - 60000, deadline_ms: NOW_MS + 754000},
      counters: {best_score: 0.8123},
      stats: {
        evaluations_submitted: 12345, evaluations_finalised: 100, accuracy_rate: 0.93, evolutions_submitted: 56,
        evolutions_finalised: 40, evolutions_over_threshold: 30, success_rate: 0.75, reputation: 12.5,
        reputation_per_hour: 25, reputation_total: 500, balance_rao: 7654321, lifetime_rao: 8000000, best_score: 0.9012,
        pool: {best_score: 0.95},
      },
      balance: {estimated_pending_rao: 11875000},
    },
    supervisor: {status: "mining", task: "pool", since_ms: NOW_MS - 3600000, pool: "http://p:1", failure: "",
      forecast: {rao_per_day: 95760000, is_capped: false}},
    jobs: {queued: 2, leased: 1, done: 1, failed: 1, completed: 40, gone_wrong: 3},
    workers: [{name: "w1", run: "r", job: 4, kind: "evolve", paused: "", connected: true, lease_left_ms: 50000,
      progress: {done: 25, total: 50, unit: "generations", best: 0.8, candidates_per_second: 653000},
      report: {threads: 3, processors: 4, cpu_percent: 71.4, temperature_c: 66.6, power: "battery", charge_percent: 81}}],
    set_aside: [], errors: [], not_paid: [],
    ...changes,
  };
}
