.read greeting.sql
SELECT text FROM greeting;
