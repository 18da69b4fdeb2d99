(ns greeting)

(def text "héllo ✓")
