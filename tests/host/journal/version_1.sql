-- The first version's script as it was, with what marked its file. Never changed: it stands for journals in the field.
CREATE TABLE hot (
  id INTEGER PRIMARY KEY,
  epoch INTEGER NOT NULL,
  state INTEGER NOT NULL,
  key_hash INTEGER NOT NULL,
  transaction_hash INTEGER,
  serial_hash INTEGER,
  key BLOB NOT NULL,
  note BLOB NOT NULL,
  body BLOB NOT NULL,
  sealed BLOB NOT NULL
) STRICT;
CREATE INDEX hot_by_key ON hot (key_hash);
CREATE INDEX hot_by_transaction ON hot (transaction_hash) WHERE transaction_hash IS NOT NULL;
CREATE INDEX hot_by_serial ON hot (serial_hash) WHERE serial_hash IS NOT NULL;

CREATE TABLE done (
  id INTEGER PRIMARY KEY,
  epoch INTEGER NOT NULL,
  state INTEGER NOT NULL,
  key_hash INTEGER NOT NULL,
  transaction_hash INTEGER,
  serial_hash INTEGER,
  key BLOB NOT NULL,
  body BLOB NOT NULL
) STRICT;
CREATE INDEX done_by_key ON done (key_hash);
CREATE INDEX done_by_transaction ON done (transaction_hash) WHERE transaction_hash IS NOT NULL;
CREATE INDEX done_by_serial ON done (serial_hash) WHERE serial_hash IS NOT NULL;
CREATE INDEX done_without_certificate ON done (state, id) WHERE state <> 4;

CREATE TABLE store (
  row INTEGER PRIMARY KEY,
  connector TEXT NOT NULL,
  key BLOB NOT NULL,
  revision INTEGER NOT NULL,
  value BLOB NOT NULL,
  UNIQUE (connector, key)
) STRICT;

CREATE TABLE totals (
  one INTEGER PRIMARY KEY CHECK (one = 1),
  newest INTEGER NOT NULL,
  last_id INTEGER NOT NULL,
  finished INTEGER NOT NULL,
  dead INTEGER NOT NULL,
  key_check BLOB NOT NULL
) STRICT;
INSERT INTO totals VALUES (1, 0, 0, 0, 0, x'');
PRAGMA application_id = 1131629166;
PRAGMA user_version = 1;
