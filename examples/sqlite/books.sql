INSERT INTO books VALUES
  (1, 'Middlemarch', 'George Eliot'),
  (2, 'Silas Marner', 'George Eliot'),
  (3, 'Moby-Dick', 'Herman Melville'),
  (4, 'Jane Eyre', 'Charlotte Brontë');

INSERT INTO loans VALUES
  (1, 'Ada', '2026-09-01', '2026-08-30'),
  (3, 'Ada', '2026-11-10', NULL),
  (2, 'Björn', '2026-10-15', '2026-10-20'),
  (1, 'Chen', '2026-11-01', NULL),
  (4, 'Chen', '2026-12-05', NULL);
