-- Every record of consent.events.v1, as it lies in the log and as it reads.
--
-- Plain MergeTree: Replacing and Collapsing engines delete rows in merges, the opposite of an audit log.
-- Partitioned by Kafka partition, so that one insert never straddles two and stays atomic.
-- Each statement can run twice. By hand: clickhouse-client --param_database=consentlog --multiquery < this file
CREATE TABLE IF NOT EXISTS {database:Identifier}.consent_history
(
    kafka_topic LowCardinality(String) COMMENT 'topic with prefix',
    kafka_partition UInt16,
    kafka_offset UInt64,
    ingested_at DateTime64(3, 'UTC') COMMENT 'append time of the log; proves, never decides',
    kafka_key Nullable(String) COMMENT 'original bytes',
    kafka_headers Array(Tuple(name String, value Nullable(String))) COMMENT 'original bytes, in order',
    kafka_value Nullable(String) COMMENT 'original bytes',
    leaf FixedString(32) COMMENT 'RFC 6962 leaf hash, docs/leaf.md',
    decoded Bool COMMENT 'whether the value decodes as a consent event; if not, the columns below are empty',
    defect String COMMENT 'why the record is not decodable or cannot be folded; empty = sound',
    subject String COMMENT 'E.164; the key if it is a number, else what the event names',
    event_id Nullable(FixedString(16)),
    action LowCardinality(String),
    basis LowCardinality(String),
    entity LowCardinality(String) COMMENT '* = every entity',
    brand LowCardinality(Nullable(String)) COMMENT 'NULL = any',
    campaign LowCardinality(Nullable(String)) COMMENT 'NULL = any',
    purpose LowCardinality(String),
    channel LowCardinality(String) COMMENT 'which contact it is about, not where it came from',
    occurred_at Nullable(DateTime64(3, 'UTC')) COMMENT 'the person acted',
    occurred_at_set_by LowCardinality(String),
    precision LowCardinality(String),
    zone LowCardinality(Nullable(String)),
    clock_wrong Bool,
    margin_ms Int32,
    accepted_at Nullable(DateTime64(3, 'UTC')) COMMENT 'the gateway''s clock when it became durable there',
    until Nullable(DateTime64(3, 'UTC')),
    target Nullable(FixedString(16)),
    hold_kind LowCardinality(String),
    source LowCardinality(String),
    method LowCardinality(String),
    actor_id String,
    actor_type LowCardinality(String),
    actor_role LowCardinality(String),
    has_evidence Bool,
    recorded_at Nullable(DateTime64(3, 'UTC')) COMMENT 'the source system''s own clock',
    evidence_key_id LowCardinality(String) COMMENT 'key that sealed the evidence; empty = in clear',
    evidence String COMMENT 'framed evidence record, or its sealed form',
    evidence_source_ref Nullable(String) COMMENT 'call id, message id, ticket; only of clear evidence',
    PROJECTION by_subject (SELECT * ORDER BY subject, kafka_partition, kafka_offset)
)
ENGINE = MergeTree
PARTITION BY kafka_partition
ORDER BY (kafka_partition, kafka_offset)
SETTINGS
    -- An acknowledged insert survives power loss.
    fsync_after_insert = 1, fsync_part_directory = 1,
    -- Default 0: without it a token is ignored, and a retried insert would double its rows.
    non_replicated_deduplication_window = 100000;

-- Offsets of the log that hold no record, both ends included.
CREATE TABLE IF NOT EXISTS {database:Identifier}.log_holes
(
    kafka_topic LowCardinality(String),
    kafka_partition UInt16,
    first_offset UInt64,
    last_offset UInt64,
    found_at DateTime64(3, 'UTC')
)
ENGINE = MergeTree
PARTITION BY kafka_partition
ORDER BY (kafka_partition, first_offset)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1, non_replicated_deduplication_window = 1000;
