-- The store of story_7.sql in PostgreSQL, as pg_dump tells it.
CREATE TABLE algorithms (
    id bigint NOT NULL,
    digest text NOT NULL,
    dsl text NOT NULL,
    input_dim integer NOT NULL,
    author text,
    in_population integer NOT NULL,
    score double precision,
    evaluation_count bigint DEFAULT 0 NOT NULL,
    created_ms bigint NOT NULL,
    agreed_ms bigint DEFAULT 0 NOT NULL,
    verified_ms bigint DEFAULT 0 NOT NULL,
    engaged bigint DEFAULT 0 NOT NULL,
    is_open integer DEFAULT 1 NOT NULL,
    place bigint,
    reward_epoch bigint,
    reward_micro bigint DEFAULT 0 NOT NULL,
    parents text,
    CONSTRAINT algorithms_agreed_ms_check CHECK ((agreed_ms >= 0))
);
CREATE TABLE counters (
    name text NOT NULL,
    value bigint NOT NULL
);
CREATE TABLE epochs (
    number bigint NOT NULL,
    start_ms bigint NOT NULL,
    end_ms bigint NOT NULL,
    settled integer DEFAULT 0 NOT NULL,
    settled_ms bigint DEFAULT 0 NOT NULL,
    reputation bigint DEFAULT 0 NOT NULL,
    budget_rao bigint DEFAULT 0 NOT NULL,
    paid_rao bigint DEFAULT 0 NOT NULL,
    pool_rao bigint DEFAULT 0 NOT NULL
);
CREATE TABLE evaluations (
    algorithm_id bigint NOT NULL,
    hotkey text NOT NULL,
    score double precision NOT NULL,
    submitted_ms bigint NOT NULL,
    accurate integer,
    reward_epoch bigint,
    reward_micro bigint DEFAULT 0 NOT NULL,
    CONSTRAINT evaluations_accurate_check CHECK ((accurate = ANY (ARRAY[0, 1])))
);
CREATE TABLE leases (
    id text NOT NULL,
    hotkey text NOT NULL,
    kind integer NOT NULL,
    state integer NOT NULL,
    window_number bigint NOT NULL,
    issued_ms bigint NOT NULL,
    timeout_ms bigint NOT NULL,
    evolve_budget integer NOT NULL,
    refused integer DEFAULT 0 NOT NULL,
    submission_digest text,
    answer text,
    work text,
    seeds text
);
CREATE TABLE miners (
    hotkey text NOT NULL,
    registered_ms bigint NOT NULL,
    last_seen_ms bigint NOT NULL,
    recipient_coldkey text,
    recipient_signed_s bigint DEFAULT 0 NOT NULL,
    reputation_total bigint DEFAULT 0 NOT NULL,
    evaluations_submitted bigint DEFAULT 0 NOT NULL,
    evaluations_finalised bigint DEFAULT 0 NOT NULL,
    evaluations_accurate bigint DEFAULT 0 NOT NULL,
    evolutions_submitted bigint DEFAULT 0 NOT NULL,
    evolutions_finalised bigint DEFAULT 0 NOT NULL,
    evolutions_over_threshold bigint DEFAULT 0 NOT NULL,
    best_score double precision DEFAULT 0 NOT NULL,
    lease_window bigint DEFAULT 0 NOT NULL,
    lease_count bigint DEFAULT 0 NOT NULL
);
CREATE TABLE payouts (
    epoch bigint NOT NULL,
    hotkey text NOT NULL,
    reputation bigint NOT NULL,
    rao bigint NOT NULL
);
CREATE TABLE reputation (
    epoch bigint NOT NULL,
    hotkey text NOT NULL,
    micro bigint NOT NULL
);
CREATE VIEW rewards AS
 SELECT 0 AS kind,
    e.algorithm_id,
    e.hotkey,
    e.reward_epoch AS epoch,
    e.reward_micro AS micro,
        CASE
            WHEN (e.submitted_ms > a.agreed_ms) THEN e.submitted_ms
            ELSE a.agreed_ms
        END AS booked_ms
   FROM (evaluations e
     JOIN algorithms a ON ((a.id = e.algorithm_id)))
  WHERE (e.reward_micro <> 0)
UNION ALL
 SELECT 1 AS kind,
    algorithms.id AS algorithm_id,
    algorithms.author AS hotkey,
    algorithms.reward_epoch AS epoch,
    algorithms.reward_micro AS micro,
    algorithms.agreed_ms AS booked_ms
   FROM algorithms
  WHERE (algorithms.reward_micro <> 0);
CREATE TABLE schema_versions (
    version bigint NOT NULL
);
CREATE TABLE withdrawals (
    id bigint NOT NULL,
    hotkey text NOT NULL,
    rao bigint NOT NULL,
    recipient_coldkey text NOT NULL,
    requested_ms bigint NOT NULL,
    state integer NOT NULL,
    decided_ms bigint DEFAULT 0 NOT NULL
);
INSERT INTO algorithms VALUES (7, '46d2e16f376a0066073d76158fe0fa8318aacfdc721014aa2b77f367334b3c0f', '# meta: scalar_count=20 vector_count=10 matrix_count=5 vector_dim=16 setup_max_ops=30 predict_max_ops=30 learn_max_ops=30
def Setup():
  NoOp()
def Predict():
  s0 = 2.0
  s0 = s0 + s1
def Learn():
  NoOp()
', 16, 'miner-b', 1, 0.5, 2, 1795200004000, 1795200008000, 0, 2, 0, 6, NULL, 0, '3,4');
INSERT INTO algorithms VALUES (1, '8a85bef5e7cdd97e0fa8fee42b63deb13710df4f459b1320eeb5e3c59cd12be8', '# meta: scalar_count=20 vector_count=10 matrix_count=5 vector_dim=16 setup_max_ops=30 predict_max_ops=30 learn_max_ops=30
def Setup():
  NoOp()
def Predict():
  NoOp()
def Learn():
  NoOp()
', 16, NULL, 1, 0.5, 2, 1795200000000, 1795200004000, 0, 2, 0, 0, NULL, 0, '');
INSERT INTO algorithms VALUES (2, 'f162500c5f921dbeb43a7c7aab480798f919463f06d8a02e5cc4ea46e2d37f0e', '# meta: scalar_count=20 vector_count=10 matrix_count=5 vector_dim=16 setup_max_ops=30 predict_max_ops=30 learn_max_ops=30
def Setup():
  NoOp()
def Predict():
  s0 = 1.0
def Learn():
  NoOp()
', 16, NULL, 1, 0.5, 2, 1795200000000, 1795200004000, 0, 2, 0, 1, NULL, 0, '');
INSERT INTO algorithms VALUES (3, '090f665f48320074d3340f61b7677882540f69787d2213bc49b04f353ff45da2', '# meta: scalar_count=20 vector_count=10 matrix_count=5 vector_dim=16 setup_max_ops=30 predict_max_ops=30 learn_max_ops=30
def Setup():
  NoOp()
def Predict():
  s2 = mean(v0)
  s0 = heaviside(s2, 1.0)
def Learn():
  NoOp()
', 16, NULL, 1, 0.6, 2, 1795200000000, 1795200004000, 0, 2, 0, 2, NULL, 0, '');
INSERT INTO algorithms VALUES (4, 'ac1fe42ffd4bf790165b64b1cbf0a75fc52e4e564d10161c2dc80dc881ea1f3c', '# meta: scalar_count=20 vector_count=10 matrix_count=5 vector_dim=16 setup_max_ops=30 predict_max_ops=30 learn_max_ops=30
def Setup():
  s2 = 0.5
def Predict():
  s0 = dot(v0, v1)
  s0 = heaviside(s0, 1.0)
def Learn():
  s3 = s1 - s2
  v2 = s3 * v0
  v1 = v1 + v2
', 16, NULL, 1, 0.71, 2, 1795200000000, 1795200004000, 0, 2, 0, 3, NULL, 0, '');
INSERT INTO algorithms VALUES (5, '52a46ceb9cc739de9e54ef2771d7185eeb142e21564c67202dd22c1cda632a7a', '# meta: scalar_count=20 vector_count=10 matrix_count=5 vector_dim=16 setup_max_ops=30 predict_max_ops=30 learn_max_ops=30
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
', 16, NULL, 1, 0.89, 2, 1795200000000, 1795200004000, 0, 2, 0, 4, NULL, 0, '');
INSERT INTO algorithms VALUES (6, 'ab2b613338d80a0c1f224e88c671141693889bf576764e7bbab443e855db044b', '# meta: scalar_count=20 vector_count=10 matrix_count=5 vector_dim=16 setup_max_ops=30 predict_max_ops=30 learn_max_ops=30
def Setup():
  NoOp()
def Predict():
  s0 = 1.0
  s0 = s0 + s1
def Learn():
  NoOp()
', 16, 'miner-a', 1, 0.8200000000000001, 2, 1795200002000, 1795200006000, 0, 2, 0, 5, 1, 1640000, '1,2');
INSERT INTO algorithms VALUES (8, '9607f1d605a454ad41187af39ad0bc9cd799b287c53fb09ccdb815389a106692', '# meta: scalar_count=20 vector_count=10 matrix_count=5 vector_dim=16 setup_max_ops=30 predict_max_ops=30 learn_max_ops=30
def Setup():
  NoOp()
def Predict():
  s0 = 3.0
  s0 = s0 + s1
def Learn():
  NoOp()
', 16, 'miner-d', 1, 0.91, 2, 1795200010000, 1795203606000, 0, 2, 0, 7, 2, 1820000, '5,6');
INSERT INTO algorithms VALUES (9, '0b179a0d1f34b94bf1450ca36c3309f9b4e5387f7c14c6b260551b04f2121518', '# meta: scalar_count=20 vector_count=10 matrix_count=5 vector_dim=16 setup_max_ops=30 predict_max_ops=30 learn_max_ops=30
def Setup():
  NoOp()
def Predict():
  s0 = 4.0
  s0 = s0 + s1
def Learn():
  NoOp()
', 16, 'miner-b', 0, NULL, 1, 1795203606000, 0, 0, 2, 0, NULL, NULL, 0, '6,8');
INSERT INTO counters VALUES ('withdrawal', 4);
INSERT INTO counters VALUES ('population', 8);
INSERT INTO counters VALUES ('algorithm', 9);
INSERT INTO epochs VALUES (1, 1795200000000, 1795203600000, 1, 1795203600000, 13640000, 1000000007, 950000005, 50000002);
INSERT INTO epochs VALUES (2, 1795203600000, 1795207200000, 0, 0, 0, 0, 0, 0);
INSERT INTO evaluations VALUES (1, 'miner-a', 0.5, 1795200002000, 1, 1, 1000000);
INSERT INTO evaluations VALUES (1, 'miner-b', 0.5, 1795200004000, 1, 1, 1000000);
INSERT INTO evaluations VALUES (2, 'miner-a', 0.5, 1795200002000, 1, 1, 1000000);
INSERT INTO evaluations VALUES (2, 'miner-b', 0.5, 1795200004000, 1, 1, 1000000);
INSERT INTO evaluations VALUES (3, 'miner-a', 0.6, 1795200002000, 1, 1, 1000000);
INSERT INTO evaluations VALUES (3, 'miner-b', 0.6, 1795200004000, 1, 1, 1000000);
INSERT INTO evaluations VALUES (4, 'miner-a', 0.7, 1795200002000, 1, 1, 1000000);
INSERT INTO evaluations VALUES (4, 'miner-b', 0.72, 1795200004000, 1, 1, 1000000);
INSERT INTO evaluations VALUES (5, 'miner-a', 0.9, 1795200002000, 1, 1, 1000000);
INSERT INTO evaluations VALUES (5, 'miner-b', 0.88, 1795200004000, 1, 1, 1000000);
INSERT INTO evaluations VALUES (6, 'miner-b', 0.8, 1795200004000, 1, 1, 1000000);
INSERT INTO evaluations VALUES (6, 'miner-c', 0.84, 1795200006000, 1, 1, 1000000);
INSERT INTO evaluations VALUES (7, 'miner-c', 0.75, 1795200006000, 0, NULL, 0);
INSERT INTO evaluations VALUES (7, 'miner-d', 0.25, 1795200008000, 0, NULL, 0);
INSERT INTO evaluations VALUES (8, 'miner-a', 0.9, 1795200015000, 1, 2, 1000000);
INSERT INTO evaluations VALUES (8, 'miner-b', 0.92, 1795203606000, 1, 2, 1000000);
INSERT INTO evaluations VALUES (9, 'miner-c', 0.81, 1795203608000, NULL, NULL, 0);
INSERT INTO leases VALUES ('00000000000000000000000000000001', 'miner-a', 0, 1, 1, 1795200001000, 1795201801000, 2, 0, 'c244fe8ccf35b7b18e4257802ece35c28a9f5b5302c2be4f2318efa6c357f3ac', '{"status":"accepted","lease_id":"00000000000000000000000000000001","evaluations_accepted":5,"evolutions":[{"status":"accepted","algorithm_id":6}],"consensus_reached":0}', '1,2,3,4,5', '4,1,2,3');
INSERT INTO leases VALUES ('00000000000000000000000000000002', 'miner-b', 0, 1, 1, 1795200003000, 1795201803000, 2, 0, '0241f4e02d238934c337fe9cc025e16670194d398a6ff706d31e5b22d584e9ed', '{"status":"accepted","lease_id":"00000000000000000000000000000002","evaluations_accepted":6,"evolutions":[{"status":"accepted","algorithm_id":7},{"status":"duplicate","algorithm_id":6}],"consensus_reached":5}', '1,2,3,4,5,6', '2,1,4,3');
INSERT INTO leases VALUES ('00000000000000000000000000000003', 'miner-c', 0, 1, 1, 1795200005000, 1795201805000, 2, 0, '179cdfdecf193b2f524aebb2013348821574c2bfc291109f9ae9cc1e57938d77', '{"status":"accepted","lease_id":"00000000000000000000000000000003","evaluations_accepted":2,"evolutions":[],"consensus_reached":1}', '6,7', '4,1,3,2');
INSERT INTO leases VALUES ('00000000000000000000000000000004', 'miner-d', 1, 1, 1, 1795200007000, 1795201807000, 0, 0, '000d1301708c4b6e09b4b520d2a0d8d744fb547c68b4c2a9552b98295e8b9eb8', '{"status":"accepted","lease_id":"00000000000000000000000000000004","evaluations_accepted":1,"evolutions":[],"consensus_reached":1}', '7', '');
INSERT INTO leases VALUES ('00000000000000000000000000000005', 'miner-d', 2, 1, 1, 1795200009000, 1795201809000, 2, 0, '7b80771b7bdc1464d1a6f3dba852f10d0dad91053f05314c4a2ed73519ecf987', '{"status":"accepted","lease_id":"00000000000000000000000000000005","evaluations_accepted":0,"evolutions":[{"status":"accepted","algorithm_id":8}],"consensus_reached":0}', '', '6,5,4,2');
INSERT INTO leases VALUES ('00000000000000000000000000000007', 'miner-a', 0, 3, 1, 1795200012000, 1795201812000, 2, 1, NULL, NULL, '8', '5,3,6,4');
INSERT INTO leases VALUES ('00000000000000000000000000000008', 'miner-a', 0, 1, 1, 1795200014000, 1795201814000, 2, 0, 'f6fc280705452dbd1747252ac7cac3b2ecb971839048e4681995b066bbca1277', '{"status":"accepted","lease_id":"00000000000000000000000000000008","evaluations_accepted":1,"evolutions":[],"consensus_reached":0}', '8', '7,3,4,5');
INSERT INTO leases VALUES ('00000000000000000000000000000006', 'miner-e', 0, 2, 1, 1795200011000, 1795201811000, 2, 0, NULL, NULL, '8', '6,5,4,7');
INSERT INTO leases VALUES ('00000000000000000000000000000009', 'miner-b', 0, 1, 2, 1795203605000, 1795205405000, 2, 0, 'c9ea2ec04ded78c0c00e1c4f78a7bafe4e72d947e2022236c6b756b84af5d804', '{"status":"accepted","lease_id":"00000000000000000000000000000009","evaluations_accepted":1,"evolutions":[{"status":"accepted","algorithm_id":9}],"consensus_reached":1}', '8', '4,5,2,6');
INSERT INTO leases VALUES ('0000000000000000000000000000000a', 'miner-c', 1, 1, 2, 1795203607000, 1795205407000, 0, 0, '85be1b1caba618b7bafd36617401e2f68d0eec93ec09b1a33ad1d491d4a630b6', '{"status":"accepted","lease_id":"0000000000000000000000000000000a","evaluations_accepted":1,"evolutions":[],"consensus_reached":0}', '9', '');
INSERT INTO leases VALUES ('0000000000000000000000000000000b', 'miner-c', 0, 0, 2, 1795203609000, 1795205409000, 2, 1, NULL, NULL, '', '2,8,6,5');
INSERT INTO leases VALUES ('0000000000000000000000000000000c', 'miner-d', 0, 0, 2, 1795203611000, 1795205411000, 2, 0, NULL, NULL, '9', '8,5,6,4');
INSERT INTO leases VALUES ('0000000000000000000000000000000d', 'miner-e', 2, 0, 2, 1795203612000, 1795205412000, 2, 0, NULL, NULL, '', '5,4,8,6');
INSERT INTO leases VALUES ('0000000000000000000000000000000e', 'miner-a', 0, 0, 2, 1795203613000, 1795205413000, 2, 1, NULL, NULL, '', '6,8,5,7');
INSERT INTO miners VALUES ('miner-c', 1795200005000, 1795203610000, NULL, 0, 1000000, 3, 2, 1, 0, 0, 0, 0, 2, 2);
INSERT INTO miners VALUES ('miner-d', 1795200007000, 1795203611000, 'coldkey-d', 1, 1820000, 1, 1, 0, 1, 1, 1, 0.91, 2, 1);
INSERT INTO miners VALUES ('miner-e', 1795200011000, 1795203612000, NULL, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2, 1);
INSERT INTO miners VALUES ('miner-a', 1795200001000, 1795203614000, 'coldkey-a', 1, 7640000, 6, 6, 6, 1, 1, 1, 0.8200000000000001, 2, 1);
INSERT INTO miners VALUES ('miner-b', 1795200003000, 1795203606000, 'coldkey-b', 1, 7000000, 7, 7, 7, 2, 1, 0, 0.5, 2, 1);
INSERT INTO payouts VALUES (1, 'miner-a', 6640000, 450000003);
INSERT INTO payouts VALUES (1, 'miner-b', 6000000, 428571431);
INSERT INTO payouts VALUES (1, 'miner-c', 1000000, 71428571);
INSERT INTO reputation VALUES (1, 'miner-a', 6640000);
INSERT INTO reputation VALUES (1, 'miner-b', 6000000);
INSERT INTO reputation VALUES (1, 'miner-c', 1000000);
INSERT INTO reputation VALUES (2, 'miner-d', 1820000);
INSERT INTO reputation VALUES (2, 'miner-a', 1000000);
INSERT INTO reputation VALUES (2, 'miner-b', 1000000);
INSERT INTO schema_versions VALUES (1);
INSERT INTO schema_versions VALUES (2);
INSERT INTO schema_versions VALUES (3);
INSERT INTO schema_versions VALUES (4);
INSERT INTO schema_versions VALUES (5);
INSERT INTO schema_versions VALUES (6);
INSERT INTO schema_versions VALUES (7);
INSERT INTO withdrawals VALUES (1, 'miner-a', 10000000, 'coldkey-a', 1795203601000, 1, 1795203601000);
INSERT INTO withdrawals VALUES (2, 'miner-a', 5000000, 'coldkey-a', 1795203602000, 2, 1795203602000);
INSERT INTO withdrawals VALUES (3, 'miner-a', 7000000, 'coldkey-a', 1795203603000, 0, 0);
INSERT INTO withdrawals VALUES (4, 'miner-b', 428571431, 'coldkey-b', 1795203604000, 0, 0);
ALTER TABLE ONLY algorithms
    ADD CONSTRAINT algorithms_digest_key UNIQUE (digest);
ALTER TABLE ONLY algorithms
    ADD CONSTRAINT algorithms_pkey PRIMARY KEY (id);
ALTER TABLE ONLY counters
    ADD CONSTRAINT counters_pkey PRIMARY KEY (name);
ALTER TABLE ONLY epochs
    ADD CONSTRAINT epochs_pkey PRIMARY KEY (number);
ALTER TABLE ONLY evaluations
    ADD CONSTRAINT evaluations_pkey PRIMARY KEY (algorithm_id, hotkey);
ALTER TABLE ONLY leases
    ADD CONSTRAINT leases_pkey PRIMARY KEY (id);
ALTER TABLE ONLY miners
    ADD CONSTRAINT miners_pkey PRIMARY KEY (hotkey);
ALTER TABLE ONLY payouts
    ADD CONSTRAINT payouts_pkey PRIMARY KEY (epoch, hotkey);
ALTER TABLE ONLY reputation
    ADD CONSTRAINT reputation_pkey PRIMARY KEY (epoch, hotkey);
ALTER TABLE ONLY schema_versions
    ADD CONSTRAINT schema_versions_pkey PRIMARY KEY (version);
ALTER TABLE ONLY withdrawals
    ADD CONSTRAINT withdrawals_pkey PRIMARY KEY (id);
CREATE INDEX algorithms_open ON algorithms USING btree (evaluation_count DESC, id) WHERE ((agreed_ms = 0) AND (is_open = 1));
CREATE UNIQUE INDEX algorithms_place ON algorithms USING btree (place) WHERE (place IS NOT NULL);
CREATE INDEX algorithms_population ON algorithms USING btree (COALESCE(score, ('-1'::integer)::double precision) DESC, id) WHERE (in_population = 1);
CREATE INDEX algorithms_unpaid ON algorithms USING btree (author) WHERE ((agreed_ms > 0) AND (reward_micro = 0));
CREATE INDEX algorithms_waiting ON algorithms USING btree (id) WHERE (agreed_ms = 0);
CREATE INDEX evaluations_unpaid ON evaluations USING btree (hotkey) WHERE (accurate = 0);
CREATE UNIQUE INDEX leases_active ON leases USING btree (hotkey) WHERE (state = 0);
CREATE INDEX leases_due ON leases USING btree (timeout_ms) WHERE (state = 0);
CREATE INDEX miners_seen ON miners USING btree (last_seen_ms);
CREATE INDEX payouts_hotkey ON payouts USING btree (hotkey, epoch DESC);
CREATE INDEX reputation_rank ON reputation USING btree (epoch, micro DESC);
CREATE INDEX withdrawals_hotkey ON withdrawals USING btree (hotkey);
CREATE UNIQUE INDEX withdrawals_pending ON withdrawals USING btree (hotkey) WHERE (state = 0);
ALTER TABLE ONLY algorithms
    ADD CONSTRAINT algorithms_author_fkey FOREIGN KEY (author) REFERENCES miners(hotkey);
ALTER TABLE ONLY algorithms
    ADD CONSTRAINT algorithms_reward_epoch_fkey FOREIGN KEY (reward_epoch) REFERENCES epochs(number);
ALTER TABLE ONLY evaluations
    ADD CONSTRAINT evaluations_algorithm_id_fkey FOREIGN KEY (algorithm_id) REFERENCES algorithms(id);
ALTER TABLE ONLY evaluations
    ADD CONSTRAINT evaluations_hotkey_fkey FOREIGN KEY (hotkey) REFERENCES miners(hotkey);
ALTER TABLE ONLY evaluations
    ADD CONSTRAINT evaluations_reward_epoch_fkey FOREIGN KEY (reward_epoch) REFERENCES epochs(number);
ALTER TABLE ONLY leases
    ADD CONSTRAINT leases_hotkey_fkey FOREIGN KEY (hotkey) REFERENCES miners(hotkey);
ALTER TABLE ONLY payouts
    ADD CONSTRAINT payouts_epoch_fkey FOREIGN KEY (epoch) REFERENCES epochs(number);
ALTER TABLE ONLY payouts
    ADD CONSTRAINT payouts_hotkey_fkey FOREIGN KEY (hotkey) REFERENCES miners(hotkey);
ALTER TABLE ONLY reputation
    ADD CONSTRAINT reputation_epoch_fkey FOREIGN KEY (epoch) REFERENCES epochs(number);
ALTER TABLE ONLY reputation
    ADD CONSTRAINT reputation_hotkey_fkey FOREIGN KEY (hotkey) REFERENCES miners(hotkey);
ALTER TABLE ONLY withdrawals
    ADD CONSTRAINT withdrawals_hotkey_fkey FOREIGN KEY (hotkey) REFERENCES miners(hotkey);
