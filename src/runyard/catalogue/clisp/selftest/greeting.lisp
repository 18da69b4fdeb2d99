(defvar *greeting* "héllo ✓")
