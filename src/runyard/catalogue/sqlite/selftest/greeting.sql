CREATE TABLE greeting (text TEXT NOT NULL);
INSERT INTO greeting VALUES ('héllo ✓');
