<?php
function fibonacci(int $count): array
{
    $numbers = [0, 1];
    while (count($numbers) < $count) {
        $numbers[] = array_sum(array_slice($numbers, -2));
    }
    return $numbers;
}

echo implode(" ", fibonacci(10)), "\n";
