import "greeting" as greeting; greeting::text
