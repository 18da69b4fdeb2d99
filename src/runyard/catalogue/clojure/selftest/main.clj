(require '[greeting :refer [text]])

(println text)
