"""A calculator: each line of input is an expression or an assignment.

Run it: runyard run examples/python < examples/python/input.txt
"""

import sys

from evaluate import Calculator
from tokens import SyntaxProblem


def main() -> None:
    calculator = Calculator()
    for line in sys.stdin:
        text = line.strip()
        if not text:
            continue
        try:
            print(f"{text} = {calculator.run(text):g}")
        except (SyntaxProblem, ArithmeticError) as problem:
            print(f"{text}: {problem}")


main()
