-- A pool's store of schema 1, as the last poolminer-pool of that schema left it: the story of
-- tests/pool/golden_story.c.
BEGIN TRANSACTION;
CREATE TABLE counters (name TEXT PRIMARY KEY, value BIGINT NOT NULL);
INSERT INTO counters VALUES('algorithm',9);
INSERT INTO counters VALUES('withdrawal',4);
CREATE TABLE schema_versions (version BIGINT PRIMARY KEY);
INSERT INTO schema_versions VALUES(1);
CREATE TABLE miners (  hotkey TEXT PRIMARY KEY,  registered_ms BIGINT NOT NULL,  last_seen_ms BIGINT NOT NULL,  recipient_coldkey TEXT,  recipient_signed_s BIGINT NOT NULL DEFAULT 0,  reputation_total BIGINT NOT NULL DEFAULT 0,  evaluations_submitted BIGINT NOT NULL DEFAULT 0,  evaluations_finalised BIGINT NOT NULL DEFAULT 0,  evaluations_accurate BIGINT NOT NULL DEFAULT 0,  evolutions_submitted BIGINT NOT NULL DEFAULT 0,  evolutions_finalised BIGINT NOT NULL DEFAULT 0,  evolutions_over_threshold BIGINT NOT NULL DEFAULT 0,  best_score DOUBLE PRECISION NOT NULL DEFAULT 0);
INSERT INTO miners VALUES('miner-a',1795200001000,1795203614000,'coldkey-a',1,7640000,6,6,6,1,1,1,0.8200000000000001);
INSERT INTO miners VALUES('miner-b',1795200003000,1795203606000,'coldkey-b',1,7000000,7,7,7,2,1,0,0.5);
INSERT INTO miners VALUES('miner-c',1795200005000,1795203610000,NULL,0,1000000,3,2,1,0,0,0,0.0);
INSERT INTO miners VALUES('miner-d',1795200007000,1795203611000,'coldkey-d',1,1820000,1,1,0,1,1,1,0.91);
INSERT INTO miners VALUES('miner-e',1795200011000,1795203612000,NULL,0,0,0,0,0,0,0,0,0.0);
CREATE TABLE epochs (  number BIGINT PRIMARY KEY,  start_ms BIGINT NOT NULL,  end_ms BIGINT NOT NULL,  settled INTEGER NOT NULL DEFAULT 0,  settled_ms BIGINT NOT NULL DEFAULT 0,  reputation BIGINT NOT NULL DEFAULT 0,  budget_rao BIGINT NOT NULL DEFAULT 0,  paid_rao BIGINT NOT NULL DEFAULT 0,  pool_rao BIGINT NOT NULL DEFAULT 0);
INSERT INTO epochs VALUES(1,1795200000000,1795203600000,1,1795203600000,13640000,1000000007,950000005,50000002);
INSERT INTO epochs VALUES(2,1795203600000,1795207200000,0,0,0,0,0,0);
CREATE TABLE algorithms (  id BIGINT PRIMARY KEY,  digest TEXT NOT NULL UNIQUE,  dsl TEXT NOT NULL,  input_dim INTEGER NOT NULL,  author TEXT REFERENCES miners,  in_population INTEGER NOT NULL,  score DOUBLE PRECISION,  evaluation_count BIGINT NOT NULL DEFAULT 0,  created_ms BIGINT NOT NULL,  agreed_ms BIGINT NOT NULL DEFAULT 0,  verified_ms BIGINT NOT NULL DEFAULT 0);
INSERT INTO algorithms VALUES(1,'8a85bef5e7cdd97e0fa8fee42b63deb13710df4f459b1320eeb5e3c59cd12be8','# meta: scalar_count=20 vector_count=10 matrix_count=5 vector_dim=16 setup_max_ops=30 predict_max_ops=30 learn_max_ops=30
def Setup():
  NoOp()
def Predict():
  NoOp()
def Learn():
  NoOp()
',16,NULL,1,0.5,2,1795200000000,1795200004000,0);
INSERT INTO algorithms VALUES(2,'f162500c5f921dbeb43a7c7aab480798f919463f06d8a02e5cc4ea46e2d37f0e','# meta: scalar_count=20 vector_count=10 matrix_count=5 vector_dim=16 setup_max_ops=30 predict_max_ops=30 learn_max_ops=30
def Setup():
  NoOp()
def Predict():
  s0 = 1.0
def Learn():
  NoOp()
',16,NULL,1,0.5,2,1795200000000,1795200004000,0);
INSERT INTO algorithms VALUES(3,'090f665f48320074d3340f61b7677882540f69787d2213bc49b04f353ff45da2','# meta: scalar_count=20 vector_count=10 matrix_count=5 vector_dim=16 setup_max_ops=30 predict_max_ops=30 learn_max_ops=30
def Setup():
  NoOp()
def Predict():
  s2 = mean(v0)
  s0 = heaviside(s2, 1.0)
def Learn():
  NoOp()
',16,NULL,1,0.6,2,1795200000000,1795200004000,0);
INSERT INTO algorithms VALUES(4,'ac1fe42ffd4bf790165b64b1cbf0a75fc52e4e564d10161c2dc80dc881ea1f3c','# meta: scalar_count=20 vector_count=10 matrix_count=5 vector_dim=16 setup_max_ops=30 predict_max_ops=30 learn_max_ops=30
def Setup():
  s2 = 0.5
def Predict():
  s0 = dot(v0, v1)
  s0 = heaviside(s0, 1.0)
def Learn():
  s3 = s1 - s2
  v2 = s3 * v0
  v1 = v1 + v2
',16,NULL,1,0.71,2,1795200000000,1795200004000,0);
INSERT INTO algorithms VALUES(5,'52a46ceb9cc739de9e54ef2771d7185eeb142e21564c67202dd22c1cda632a7a','# meta: scalar_count=20 vector_count=10 matrix_count=5 vector_dim=16 setup_max_ops=30 predict_max_ops=30 learn_max_ops=30
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
',16,NULL,1,0.89,2,1795200000000,1795200004000,0);
INSERT INTO algorithms VALUES(6,'ab2b613338d80a0c1f224e88c671141693889bf576764e7bbab443e855db044b','# meta: scalar_count=20 vector_count=10 matrix_count=5 vector_dim=16 setup_max_ops=30 predict_max_ops=30 learn_max_ops=30
def Setup():
  NoOp()
def Predict():
  s0 = 1.0
  s0 = s0 + s1
def Learn():
  NoOp()
',16,'miner-a',1,0.8200000000000001,2,1795200002000,1795200006000,0);
INSERT INTO algorithms VALUES(7,'46d2e16f376a0066073d76158fe0fa8318aacfdc721014aa2b77f367334b3c0f','# meta: scalar_count=20 vector_count=10 matrix_count=5 vector_dim=16 setup_max_ops=30 predict_max_ops=30 learn_max_ops=30
def Setup():
  NoOp()
def Predict():
  s0 = 2.0
  s0 = s0 + s1
def Learn():
  NoOp()
',16,'miner-b',1,0.5,2,1795200004000,1795200008000,0);
INSERT INTO algorithms VALUES(8,'9607f1d605a454ad41187af39ad0bc9cd799b287c53fb09ccdb815389a106692','# meta: scalar_count=20 vector_count=10 matrix_count=5 vector_dim=16 setup_max_ops=30 predict_max_ops=30 learn_max_ops=30
def Setup():
  NoOp()
def Predict():
  s0 = 3.0
  s0 = s0 + s1
def Learn():
  NoOp()
',16,'miner-d',1,0.91,2,1795200010000,1795203606000,0);
INSERT INTO algorithms VALUES(9,'0b179a0d1f34b94bf1450ca36c3309f9b4e5387f7c14c6b260551b04f2121518','# meta: scalar_count=20 vector_count=10 matrix_count=5 vector_dim=16 setup_max_ops=30 predict_max_ops=30 learn_max_ops=30
def Setup():
  NoOp()
def Predict():
  s0 = 4.0
  s0 = s0 + s1
def Learn():
  NoOp()
',16,'miner-b',0,NULL,1,1795203606000,0,0);
CREATE TABLE parents (  algorithm_id BIGINT NOT NULL REFERENCES algorithms,  parent_id BIGINT NOT NULL REFERENCES algorithms,  PRIMARY KEY (algorithm_id, parent_id));
INSERT INTO parents VALUES(6,1);
INSERT INTO parents VALUES(6,2);
INSERT INTO parents VALUES(7,3);
INSERT INTO parents VALUES(7,4);
INSERT INTO parents VALUES(8,5);
INSERT INTO parents VALUES(8,6);
INSERT INTO parents VALUES(9,6);
INSERT INTO parents VALUES(9,8);
CREATE TABLE evaluations (  algorithm_id BIGINT NOT NULL REFERENCES algorithms,  hotkey TEXT NOT NULL REFERENCES miners,  score DOUBLE PRECISION NOT NULL,  submitted_ms BIGINT NOT NULL,  accurate INTEGER,  PRIMARY KEY (algorithm_id, hotkey));
INSERT INTO evaluations VALUES(1,'miner-a',0.5,1795200002000,1);
INSERT INTO evaluations VALUES(2,'miner-a',0.5,1795200002000,1);
INSERT INTO evaluations VALUES(3,'miner-a',0.6,1795200002000,1);
INSERT INTO evaluations VALUES(4,'miner-a',0.7,1795200002000,1);
INSERT INTO evaluations VALUES(5,'miner-a',0.9,1795200002000,1);
INSERT INTO evaluations VALUES(1,'miner-b',0.5,1795200004000,1);
INSERT INTO evaluations VALUES(2,'miner-b',0.5,1795200004000,1);
INSERT INTO evaluations VALUES(3,'miner-b',0.6,1795200004000,1);
INSERT INTO evaluations VALUES(4,'miner-b',0.72,1795200004000,1);
INSERT INTO evaluations VALUES(5,'miner-b',0.88,1795200004000,1);
INSERT INTO evaluations VALUES(6,'miner-b',0.8,1795200004000,1);
INSERT INTO evaluations VALUES(6,'miner-c',0.84,1795200006000,1);
INSERT INTO evaluations VALUES(7,'miner-c',0.75,1795200006000,0);
INSERT INTO evaluations VALUES(7,'miner-d',0.25,1795200008000,0);
INSERT INTO evaluations VALUES(8,'miner-a',0.9,1795200015000,1);
INSERT INTO evaluations VALUES(8,'miner-b',0.92,1795203606000,1);
INSERT INTO evaluations VALUES(9,'miner-c',0.81,1795203608000,NULL);
CREATE TABLE leases (  id TEXT PRIMARY KEY,  hotkey TEXT NOT NULL REFERENCES miners,  kind INTEGER NOT NULL,  state INTEGER NOT NULL,  window_number BIGINT NOT NULL,  issued_ms BIGINT NOT NULL,  timeout_ms BIGINT NOT NULL,  evolve_budget INTEGER NOT NULL,  refused INTEGER NOT NULL DEFAULT 0,  submission_digest TEXT,  answer TEXT);
INSERT INTO leases VALUES('00000000000000000000000000000001','miner-a',0,1,1,1795200001000,1795201801000,2,0,'c244fe8ccf35b7b18e4257802ece35c28a9f5b5302c2be4f2318efa6c357f3ac','{"status":"accepted","lease_id":"00000000000000000000000000000001","evaluations_accepted":5,"evolutions":[{"status":"accepted","algorithm_id":6}],"consensus_reached":0}');
INSERT INTO leases VALUES('00000000000000000000000000000002','miner-b',0,1,1,1795200003000,1795201803000,2,0,'0241f4e02d238934c337fe9cc025e16670194d398a6ff706d31e5b22d584e9ed','{"status":"accepted","lease_id":"00000000000000000000000000000002","evaluations_accepted":6,"evolutions":[{"status":"accepted","algorithm_id":7},{"status":"duplicate","algorithm_id":6}],"consensus_reached":5}');
INSERT INTO leases VALUES('00000000000000000000000000000003','miner-c',0,1,1,1795200005000,1795201805000,2,0,'179cdfdecf193b2f524aebb2013348821574c2bfc291109f9ae9cc1e57938d77','{"status":"accepted","lease_id":"00000000000000000000000000000003","evaluations_accepted":2,"evolutions":[],"consensus_reached":1}');
INSERT INTO leases VALUES('00000000000000000000000000000004','miner-d',1,1,1,1795200007000,1795201807000,0,0,'000d1301708c4b6e09b4b520d2a0d8d744fb547c68b4c2a9552b98295e8b9eb8','{"status":"accepted","lease_id":"00000000000000000000000000000004","evaluations_accepted":1,"evolutions":[],"consensus_reached":1}');
INSERT INTO leases VALUES('00000000000000000000000000000005','miner-d',2,1,1,1795200009000,1795201809000,2,0,'7b80771b7bdc1464d1a6f3dba852f10d0dad91053f05314c4a2ed73519ecf987','{"status":"accepted","lease_id":"00000000000000000000000000000005","evaluations_accepted":0,"evolutions":[{"status":"accepted","algorithm_id":8}],"consensus_reached":0}');
INSERT INTO leases VALUES('00000000000000000000000000000006','miner-e',0,2,1,1795200011000,1795201811000,2,0,NULL,NULL);
INSERT INTO leases VALUES('00000000000000000000000000000007','miner-a',0,3,1,1795200012000,1795201812000,2,1,NULL,NULL);
INSERT INTO leases VALUES('00000000000000000000000000000008','miner-a',0,1,1,1795200014000,1795201814000,2,0,'f6fc280705452dbd1747252ac7cac3b2ecb971839048e4681995b066bbca1277','{"status":"accepted","lease_id":"00000000000000000000000000000008","evaluations_accepted":1,"evolutions":[],"consensus_reached":0}');
INSERT INTO leases VALUES('00000000000000000000000000000009','miner-b',0,1,2,1795203605000,1795205405000,2,0,'c9ea2ec04ded78c0c00e1c4f78a7bafe4e72d947e2022236c6b756b84af5d804','{"status":"accepted","lease_id":"00000000000000000000000000000009","evaluations_accepted":1,"evolutions":[{"status":"accepted","algorithm_id":9}],"consensus_reached":1}');
INSERT INTO leases VALUES('0000000000000000000000000000000a','miner-c',1,1,2,1795203607000,1795205407000,0,0,'85be1b1caba618b7bafd36617401e2f68d0eec93ec09b1a33ad1d491d4a630b6','{"status":"accepted","lease_id":"0000000000000000000000000000000a","evaluations_accepted":1,"evolutions":[],"consensus_reached":0}');
INSERT INTO leases VALUES('0000000000000000000000000000000b','miner-c',0,0,2,1795203609000,1795205409000,2,1,NULL,NULL);
INSERT INTO leases VALUES('0000000000000000000000000000000c','miner-d',0,0,2,1795203611000,1795205411000,2,0,NULL,NULL);
INSERT INTO leases VALUES('0000000000000000000000000000000d','miner-e',2,0,2,1795203612000,1795205412000,2,0,NULL,NULL);
INSERT INTO leases VALUES('0000000000000000000000000000000e','miner-a',0,0,2,1795203613000,1795205413000,2,1,NULL,NULL);
CREATE TABLE assignments (  algorithm_id BIGINT NOT NULL REFERENCES algorithms,  lease_id TEXT NOT NULL REFERENCES leases,  PRIMARY KEY (algorithm_id, lease_id));
INSERT INTO assignments VALUES(9,'0000000000000000000000000000000c');
CREATE TABLE rewards (  kind INTEGER NOT NULL,  algorithm_id BIGINT NOT NULL REFERENCES algorithms,  hotkey TEXT NOT NULL REFERENCES miners,  epoch BIGINT NOT NULL REFERENCES epochs,  micro BIGINT NOT NULL,  booked_ms BIGINT NOT NULL,  PRIMARY KEY (kind, algorithm_id, hotkey));
INSERT INTO rewards VALUES(0,1,'miner-a',1,1000000,1795200004000);
INSERT INTO rewards VALUES(0,1,'miner-b',1,1000000,1795200004000);
INSERT INTO rewards VALUES(0,2,'miner-a',1,1000000,1795200004000);
INSERT INTO rewards VALUES(0,2,'miner-b',1,1000000,1795200004000);
INSERT INTO rewards VALUES(0,3,'miner-a',1,1000000,1795200004000);
INSERT INTO rewards VALUES(0,3,'miner-b',1,1000000,1795200004000);
INSERT INTO rewards VALUES(0,4,'miner-a',1,1000000,1795200004000);
INSERT INTO rewards VALUES(0,4,'miner-b',1,1000000,1795200004000);
INSERT INTO rewards VALUES(0,5,'miner-a',1,1000000,1795200004000);
INSERT INTO rewards VALUES(0,5,'miner-b',1,1000000,1795200004000);
INSERT INTO rewards VALUES(0,6,'miner-b',1,1000000,1795200006000);
INSERT INTO rewards VALUES(0,6,'miner-c',1,1000000,1795200006000);
INSERT INTO rewards VALUES(1,6,'miner-a',1,1640000,1795200006000);
INSERT INTO rewards VALUES(0,8,'miner-a',2,1000000,1795203606000);
INSERT INTO rewards VALUES(0,8,'miner-b',2,1000000,1795203606000);
INSERT INTO rewards VALUES(1,8,'miner-d',2,1820000,1795203606000);
CREATE TABLE reputation (  epoch BIGINT NOT NULL REFERENCES epochs,  hotkey TEXT NOT NULL REFERENCES miners,  micro BIGINT NOT NULL,  PRIMARY KEY (epoch, hotkey));
INSERT INTO reputation VALUES(1,'miner-a',6640000);
INSERT INTO reputation VALUES(1,'miner-b',6000000);
INSERT INTO reputation VALUES(1,'miner-c',1000000);
INSERT INTO reputation VALUES(2,'miner-a',1000000);
INSERT INTO reputation VALUES(2,'miner-b',1000000);
INSERT INTO reputation VALUES(2,'miner-d',1820000);
CREATE TABLE payouts (  epoch BIGINT NOT NULL REFERENCES epochs,  hotkey TEXT NOT NULL REFERENCES miners,  reputation BIGINT NOT NULL,  rao BIGINT NOT NULL,  PRIMARY KEY (epoch, hotkey));
INSERT INTO payouts VALUES(1,'miner-a',6640000,450000003);
INSERT INTO payouts VALUES(1,'miner-b',6000000,428571431);
INSERT INTO payouts VALUES(1,'miner-c',1000000,71428571);
CREATE TABLE withdrawals (  id BIGINT PRIMARY KEY,  hotkey TEXT NOT NULL REFERENCES miners,  rao BIGINT NOT NULL,  recipient_coldkey TEXT NOT NULL,  requested_ms BIGINT NOT NULL,  state INTEGER NOT NULL,  decided_ms BIGINT NOT NULL DEFAULT 0);
INSERT INTO withdrawals VALUES(1,'miner-a',10000000,'coldkey-a',1795203601000,1,1795203601000);
INSERT INTO withdrawals VALUES(2,'miner-a',5000000,'coldkey-a',1795203602000,2,1795203602000);
INSERT INTO withdrawals VALUES(3,'miner-a',7000000,'coldkey-a',1795203603000,0,0);
INSERT INTO withdrawals VALUES(4,'miner-b',428571431,'coldkey-b',1795203604000,0,0);
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
