WITH RECURSIVE fibonacci (place, a, b) AS (
  VALUES (1, 0, 1)
  UNION ALL
  SELECT place + 1, b, a + b FROM fibonacci WHERE place < 10
)
SELECT group_concat(a, ' ') FROM fibonacci;
