PRAGMA foreign_keys = ON;

CREATE TABLE books (
  book_id INTEGER PRIMARY KEY,
  title TEXT NOT NULL UNIQUE,
  author TEXT NOT NULL
) STRICT;

CREATE TABLE loans (
  book_id INTEGER NOT NULL REFERENCES books,
  reader TEXT NOT NULL,
  due TEXT NOT NULL CHECK (due LIKE '____-__-__'),
  returned TEXT
) STRICT;

CREATE UNIQUE INDEX one_reader_at_a_time ON loans (book_id) WHERE returned IS NULL;
