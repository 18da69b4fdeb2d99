function fibonacci --argument-names count
    set -l numbers 0 1
    while test (count $numbers) -lt $count
        set -a numbers (math $numbers[-1] + $numbers[-2])
    end
    echo $numbers
end

fibonacci 10
