-- A pool's store of schema 1, as the first released poolminer-pool left it: two miners with a lease each.
BEGIN TRANSACTION;
CREATE TABLE miners (  hotkey TEXT PRIMARY KEY,  registered_ms BIGINT NOT NULL,  last_seen_ms BIGINT NOT NULL,  recipient_coldkey TEXT,  recipient_signed_s BIGINT NOT NULL DEFAULT 0,  reputation_total BIGINT NOT NULL DEFAULT 0,  evaluations_submitted BIGINT NOT NULL DEFAULT 0,  evaluations_finalised BIGINT NOT NULL DEFAULT 0,  evaluations_accurate BIGINT NOT NULL DEFAULT 0,  evolutions_submitted BIGINT NOT NULL DEFAULT 0,  evolutions_finalised BIGINT NOT NULL DEFAULT 0,  evolutions_over_threshold BIGINT NOT NULL DEFAULT 0,  best_score DOUBLE PRECISION NOT NULL DEFAULT 0);
INSERT INTO "miners" VALUES('5FHFx8CcBJ86S4JeVfGhJBRMNCQiN1Y89gvTJPKs6W56pknR',1795196461360,1795196461658,NULL,0,0,0,0,0,0,0,0,0.0);
INSERT INTO "miners" VALUES('5ExZX4Jrhy8svUAzBVDKkHUG1QY1vvbgdDqgw1wF3pFws3mD',1795196461361,1795196461665,NULL,0,0,0,0,0,0,0,0,0.0);
CREATE TABLE epochs (  number BIGINT PRIMARY KEY,  start_ms BIGINT NOT NULL,  end_ms BIGINT NOT NULL,  settled INTEGER NOT NULL DEFAULT 0,  settled_ms BIGINT NOT NULL DEFAULT 0,  reputation BIGINT NOT NULL DEFAULT 0,  budget_rao BIGINT NOT NULL DEFAULT 0,  paid_rao BIGINT NOT NULL DEFAULT 0,  pool_rao BIGINT NOT NULL DEFAULT 0);
INSERT INTO "epochs" VALUES(1,1795000000000,4000000000000,0,0,0,0,0,0);
CREATE TABLE algorithms (  id BIGINT PRIMARY KEY,  digest TEXT NOT NULL UNIQUE,  dsl TEXT NOT NULL,  input_dim INTEGER NOT NULL,  author TEXT REFERENCES miners,  in_population INTEGER NOT NULL,  score DOUBLE PRECISION,  evaluation_count BIGINT NOT NULL DEFAULT 0,  created_ms BIGINT NOT NULL,  agreed_ms BIGINT NOT NULL DEFAULT 0,  verified_ms BIGINT NOT NULL DEFAULT 0);
INSERT INTO "algorithms" VALUES(1,'8a85bef5e7cdd97e0fa8fee42b63deb13710df4f459b1320eeb5e3c59cd12be8','# meta: scalar_count=20 vector_count=10 matrix_count=5 vector_dim=16 setup_max_ops=30 predict_max_ops=30 learn_max_ops=30
def Setup():
  NoOp()
def Predict():
  NoOp()
def Learn():
  NoOp()
',16,NULL,1,NULL,0,1795196460075,0,0);
INSERT INTO "algorithms" VALUES(2,'f162500c5f921dbeb43a7c7aab480798f919463f06d8a02e5cc4ea46e2d37f0e','# meta: scalar_count=20 vector_count=10 matrix_count=5 vector_dim=16 setup_max_ops=30 predict_max_ops=30 learn_max_ops=30
def Setup():
  NoOp()
def Predict():
  s0 = 1.0
def Learn():
  NoOp()
',16,NULL,1,NULL,0,1795196460075,0,0);
INSERT INTO "algorithms" VALUES(3,'090f665f48320074d3340f61b7677882540f69787d2213bc49b04f353ff45da2','# meta: scalar_count=20 vector_count=10 matrix_count=5 vector_dim=16 setup_max_ops=30 predict_max_ops=30 learn_max_ops=30
def Setup():
  NoOp()
def Predict():
  s2 = mean(v0)
  s0 = heaviside(s2, 1.0)
def Learn():
  NoOp()
',16,NULL,1,NULL,0,1795196460075,0,0);
INSERT INTO "algorithms" VALUES(4,'ac1fe42ffd4bf790165b64b1cbf0a75fc52e4e564d10161c2dc80dc881ea1f3c','# meta: scalar_count=20 vector_count=10 matrix_count=5 vector_dim=16 setup_max_ops=30 predict_max_ops=30 learn_max_ops=30
def Setup():
  s2 = 0.5
def Predict():
  s0 = dot(v0, v1)
  s0 = heaviside(s0, 1.0)
def Learn():
  s3 = s1 - s2
  v2 = s3 * v0
  v1 = v1 + v2
',16,NULL,1,NULL,0,1795196460075,0,0);
INSERT INTO "algorithms" VALUES(5,'52a46ceb9cc739de9e54ef2771d7185eeb142e21564c67202dd22c1cda632a7a','# meta: scalar_count=20 vector_count=10 matrix_count=5 vector_dim=16 setup_max_ops=30 predict_max_ops=30 learn_max_ops=30
def Setup():
  s2 = 0.001
  s5 = 0.5
def Predict():
  s0 = dot(v0, v1)
  s0 = s0 + s5
def Learn():
  s3 = s1 - s0
  s4 = s2 * s3
  v2 = s4 * v0
  v1 = v1 + v2
',16,NULL,1,NULL,0,1795196460075,0,0);
CREATE TABLE leases (  id TEXT PRIMARY KEY,  hotkey TEXT NOT NULL REFERENCES miners,  kind INTEGER NOT NULL,  state INTEGER NOT NULL,  window_number BIGINT NOT NULL,  issued_ms BIGINT NOT NULL,  timeout_ms BIGINT NOT NULL,  evolve_budget INTEGER NOT NULL,  refused INTEGER NOT NULL DEFAULT 0,  submission_digest TEXT,  answer TEXT);
INSERT INTO "leases" VALUES('62d604782800fc2817dc87bbf7bb750f','5FHFx8CcBJ86S4JeVfGhJBRMNCQiN1Y89gvTJPKs6W56pknR',0,0,1,1795196461360,4000000000000,1,0,NULL,NULL);
INSERT INTO "leases" VALUES('70d6f24e4d5f0125bcf2079ceb1533cd','5ExZX4Jrhy8svUAzBVDKkHUG1QY1vvbgdDqgw1wF3pFws3mD',0,0,1,1795196461361,4000000000000,1,0,NULL,NULL);
CREATE TABLE assignments (  algorithm_id BIGINT NOT NULL REFERENCES algorithms,  lease_id TEXT NOT NULL REFERENCES leases,  PRIMARY KEY (algorithm_id, lease_id));
INSERT INTO "assignments" VALUES(1,'62d604782800fc2817dc87bbf7bb750f');
INSERT INTO "assignments" VALUES(2,'62d604782800fc2817dc87bbf7bb750f');
INSERT INTO "assignments" VALUES(3,'62d604782800fc2817dc87bbf7bb750f');
INSERT INTO "assignments" VALUES(4,'62d604782800fc2817dc87bbf7bb750f');
INSERT INTO "assignments" VALUES(5,'62d604782800fc2817dc87bbf7bb750f');
INSERT INTO "assignments" VALUES(1,'70d6f24e4d5f0125bcf2079ceb1533cd');
INSERT INTO "assignments" VALUES(2,'70d6f24e4d5f0125bcf2079ceb1533cd');
INSERT INTO "assignments" VALUES(3,'70d6f24e4d5f0125bcf2079ceb1533cd');
INSERT INTO "assignments" VALUES(4,'70d6f24e4d5f0125bcf2079ceb1533cd');
INSERT INTO "assignments" VALUES(5,'70d6f24e4d5f0125bcf2079ceb1533cd');
CREATE TABLE counters (name TEXT PRIMARY KEY, value BIGINT NOT NULL);
INSERT INTO "counters" VALUES('algorithm',5);
CREATE TABLE evaluations (  algorithm_id BIGINT NOT NULL REFERENCES algorithms,  hotkey TEXT NOT NULL REFERENCES miners,  score DOUBLE PRECISION NOT NULL,  submitted_ms BIGINT NOT NULL,  accurate INTEGER,  PRIMARY KEY (algorithm_id, hotkey));
CREATE TABLE parents (  algorithm_id BIGINT NOT NULL REFERENCES algorithms,  parent_id BIGINT NOT NULL REFERENCES algorithms,  PRIMARY KEY (algorithm_id, parent_id));
CREATE TABLE payouts (  epoch BIGINT NOT NULL REFERENCES epochs,  hotkey TEXT NOT NULL REFERENCES miners,  reputation BIGINT NOT NULL,  rao BIGINT NOT NULL,  PRIMARY KEY (epoch, hotkey));
CREATE TABLE reputation (  epoch BIGINT NOT NULL REFERENCES epochs,  hotkey TEXT NOT NULL REFERENCES miners,  micro BIGINT NOT NULL,  PRIMARY KEY (epoch, hotkey));
CREATE TABLE rewards (  kind INTEGER NOT NULL,  algorithm_id BIGINT NOT NULL REFERENCES algorithms,  hotkey TEXT NOT NULL REFERENCES miners,  epoch BIGINT NOT NULL REFERENCES epochs,  micro BIGINT NOT NULL,  booked_ms BIGINT NOT NULL,  PRIMARY KEY (kind, algorithm_id, hotkey));
CREATE TABLE schema_versions (version BIGINT PRIMARY KEY);
INSERT INTO "schema_versions" VALUES(1);
CREATE TABLE withdrawals (  id BIGINT PRIMARY KEY,  hotkey TEXT NOT NULL REFERENCES miners,  rao BIGINT NOT NULL,  recipient_coldkey TEXT NOT NULL,  requested_ms BIGINT NOT NULL,  state INTEGER NOT NULL,  decided_ms BIGINT NOT NULL DEFAULT 0);
CREATE INDEX miners_seen ON miners(last_seen_ms);
CREATE INDEX algorithms_waiting ON algorithms(evaluation_count DESC, id) WHERE agreed_ms = 0;
CREATE INDEX algorithms_population ON algorithms(COALESCE(score, -1) DESC, id)  WHERE in_population = 1;
CREATE INDEX algorithms_agreed ON algorithms(score DESC, id) WHERE agreed_ms > 0;
CREATE UNIQUE INDEX leases_active ON leases(hotkey) WHERE state = 0;
CREATE INDEX leases_due ON leases(timeout_ms) WHERE state = 0;
CREATE INDEX leases_window ON leases(hotkey, window_number);
CREATE INDEX assignments_lease ON assignments(lease_id);
CREATE INDEX reputation_rank ON reputation(epoch, micro DESC);
CREATE INDEX payouts_hotkey ON payouts(hotkey, epoch DESC);
CREATE UNIQUE INDEX withdrawals_pending ON withdrawals(hotkey) WHERE state = 0;
CREATE INDEX withdrawals_hotkey ON withdrawals(hotkey);
COMMIT;
