(require '[clojure.string :as string])

(def fibonacci (map first (iterate (fn [[a b]] [b (+ a b)]) [0 1])))

(println (string/join " " (take 10 fibonacci)))
