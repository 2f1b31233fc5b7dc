"""SQL of the site's medication table: what is staged while a release is read, what stays, how it is joined."""

from collections.abc import Mapping

STAGING = """
CREATE TABLE staging.concept (rxcui INTEGER, tty TEXT, name TEXT, active INTEGER, PRIMARY KEY (rxcui, tty))
  WITHOUT ROWID;
CREATE TABLE staging.relation (subject INTEGER, rela TEXT, object INTEGER,
  PRIMARY KEY (rela, subject, object)) WITHOUT ROWID;
CREATE TABLE staging.attribute (rxcui INTEGER, name TEXT, value TEXT, PRIMARY KEY (rxcui, name)) WITHOUT ROWID;
CREATE TABLE staging.strength (rxcui INTEGER PRIMARY KEY, mg TEXT, per TEXT);
CREATE TABLE staging.component (product INTEGER, component INTEGER, PRIMARY KEY (product, component))
  WITHOUT ROWID;
"""
TABLES = """
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE drug (rxcui INTEGER PRIMARY KEY, tty TEXT NOT NULL, name TEXT NOT NULL, active INTEGER NOT NULL,
  form TEXT);
CREATE TABLE part (drug INTEGER NOT NULL, ingredient INTEGER NOT NULL, mg TEXT, per TEXT,
  PRIMARY KEY (drug, ingredient)) WITHOUT ROWID;
CREATE TABLE ndc (code TEXT PRIMARY KEY, drug INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE atc (code TEXT NOT NULL, ingredient INTEGER NOT NULL, PRIMARY KEY (code, ingredient)) WITHOUT ROWID;
CREATE TABLE replaced (old INTEGER PRIMARY KEY, new INTEGER NOT NULL);
"""
RESOLVE = """
INSERT OR IGNORE INTO drug SELECT rxcui, tty, name, active, NULL FROM staging.concept WHERE tty NOT IN ('DF');
UPDATE drug SET form = (SELECT d.name FROM staging.relation r
  JOIN staging.concept d ON d.rxcui = r.object AND d.tty = 'DF'
  WHERE r.rela = 'has_dose_form' AND r.subject = drug.rxcui LIMIT 1);
INSERT OR IGNORE INTO staging.component SELECT subject, object FROM staging.relation r JOIN drug d ON d.rxcui = r.object
  WHERE r.rela = 'consists_of' AND d.tty = 'SCDC';
INSERT OR IGNORE INTO staging.component SELECT rxcui, rxcui FROM drug WHERE tty = 'SCDC';
INSERT OR IGNORE INTO staging.component SELECT r.subject, c.component FROM staging.relation r
  JOIN staging.component c ON c.product = r.object WHERE r.rela = 'tradename_of';
INSERT OR IGNORE INTO staging.component SELECT r.subject, c.component FROM staging.relation r
  JOIN staging.component c ON c.product = r.object WHERE r.rela = 'contains';
INSERT OR IGNORE INTO staging.component SELECT r.subject, c.component FROM staging.relation r
  JOIN staging.component c ON c.product = r.object WHERE r.rela = 'tradename_of';
INSERT OR IGNORE INTO staging.relation SELECT p.subject, 'has_ingredient', f.object FROM staging.relation p
  JOIN staging.relation f ON f.rela = 'form_of' AND f.subject = p.object WHERE p.rela = 'has_precise_ingredient';
INSERT OR IGNORE INTO part SELECT c.product, i.rxcui,
    CASE WHEN COUNT(DISTINCT COALESCE(s.mg, '') || COALESCE(s.per, '')) = 1 AND COUNT(s.mg) = COUNT(*)
      THEN MIN(s.mg) END,
    CASE WHEN COUNT(DISTINCT COALESCE(s.mg, '') || COALESCE(s.per, '')) = 1 AND COUNT(s.mg) = COUNT(*)
      THEN MIN(s.per) END
  FROM staging.component c
  JOIN staging.relation r ON r.rela = 'has_ingredient' AND r.subject = c.component
  JOIN staging.concept i ON i.rxcui = r.object AND i.tty = 'IN'
  LEFT JOIN staging.strength s ON s.rxcui = c.component GROUP BY c.product, i.rxcui;
INSERT OR IGNORE INTO part SELECT d.rxcui, i.rxcui, NULL, NULL FROM drug d
  JOIN staging.relation r ON r.rela IN ('has_ingredient', 'has_part', 'form_of', 'tradename_of') AND r.subject = d.rxcui
  JOIN staging.concept i ON i.rxcui = r.object AND i.tty = 'IN'
  WHERE d.tty NOT IN ('IN', 'SCDC', 'SCD', 'SBD', 'GPCK', 'BPCK');
INSERT OR IGNORE INTO part SELECT r.subject, p.ingredient, NULL, NULL FROM staging.relation r
  JOIN part p ON p.drug = r.object JOIN drug d ON d.rxcui = r.subject
  WHERE r.rela = 'tradename_of' AND d.tty IN ('SBDF', 'SBDG', 'SBDFP');
DELETE FROM replaced WHERE old IN (SELECT rxcui FROM drug WHERE active = 1);
DELETE FROM ndc WHERE drug NOT IN (SELECT rxcui FROM drug) AND drug NOT IN (SELECT old FROM replaced);
"""


# Products and components that the relations name and the concepts lack.
UNKNOWN_LINKS = """
SELECT COUNT(*), COALESCE(SUM(NOT EXISTS (SELECT 1 FROM staging.concept c WHERE c.rxcui = r.subject)
    OR NOT EXISTS (SELECT 1 FROM staging.concept c WHERE c.rxcui = r.object)), 0)
  FROM staging.relation r WHERE r.rela IN ('consists_of', 'has_dose_form')
"""
# A concept stands once, an active atom before an obsolete one.
INSERT: Mapping[str, str] = {
    "concepts": "INSERT INTO staging.concept VALUES (?, ?, ?, ?) ON CONFLICT (rxcui, tty)"
    " DO UPDATE SET active = 1, name = excluded.name WHERE excluded.active > active",
    "atc": "INSERT OR IGNORE INTO atc VALUES (?, ?)",
    "relations": "INSERT OR IGNORE INTO staging.relation VALUES (?, ?, ?)",
    "attributes": "INSERT OR IGNORE INTO staging.attribute VALUES (?, ?, ?)",
    "ndc": "INSERT OR IGNORE INTO ndc VALUES (?, ?)",
    "replaced": "INSERT OR IGNORE INTO replaced VALUES (?, ?)",
    "strengths": "INSERT OR IGNORE INTO staging.strength VALUES (?, ?, ?)",
}
