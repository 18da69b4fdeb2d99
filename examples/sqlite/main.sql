-- A lending library: what is out, who waits, what is popular.
-- Run it: runyard run examples/sqlite
.read schema.sql
.read books.sql
.headers on
.mode list
.separator " | "

SELECT title, reader, julianday('2026-11-21') - julianday(due) AS days_late
FROM loans JOIN books USING (book_id)
WHERE returned IS NULL AND due < '2026-11-21'
ORDER BY days_late DESC;

SELECT author,
       count(*) AS loans,
       round(100.0 * count(*) / sum(count(*)) OVER ()) || ' %' AS share
FROM loans JOIN books USING (book_id)
GROUP BY author
ORDER BY loans DESC, author;

SELECT reader, group_concat(title, ', ') AS titles
FROM (SELECT reader, title FROM loans JOIN books USING (book_id) ORDER BY reader, due)
GROUP BY reader;
