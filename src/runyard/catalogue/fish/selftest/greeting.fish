set -g greeting "héllo ✓"
