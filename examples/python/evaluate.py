"""Evaluates tokens by precedence climbing; variables live as long as the calculator."""

import operator
from collections.abc import Callable

from tokens import SyntaxProblem, Token, tokenize

# operator: (how tightly it binds, whether it groups to the right, what it does)
OPERATORS: dict[str, tuple[int, bool, Callable[[float, float], float]]] = {
    "+": (1, False, operator.add),
    "-": (1, False, operator.sub),
    "*": (2, False, operator.mul),
    "/": (2, False, operator.truediv),
    "^": (3, True, operator.pow),
}


class Calculator:
    def __init__(self) -> None:
        self.variables: dict[str, float] = {}
        self.tokens: list[Token] = []

    def run(self, line: str) -> float:
        self.tokens = list(tokenize(line))
        target = None
        if len(self.tokens) > 1 and self.tokens[0].kind == "name" and self.tokens[1].text == "=":
            target = self.tokens[0].text
            del self.tokens[:2]
        value = self.expression(1)
        if self.tokens:
            raise SyntaxProblem(f"unexpected {self.tokens[0].text!r}")
        if target is not None:
            self.variables[target] = value
        return value

    def expression(self, lowest: int) -> float:
        value = self.operand()
        while self.tokens and self.tokens[0].text in OPERATORS:
            binding, groups_right, apply = OPERATORS[self.tokens[0].text]
            if binding < lowest:
                break
            self.tokens.pop(0)
            value = apply(value, self.expression(binding if groups_right else binding + 1))
        return value

    def operand(self) -> float:
        if not self.tokens:
            raise SyntaxProblem("the line ends too early")
        token = self.tokens.pop(0)
        if token.kind == "number":
            return float(token.text)
        if token.kind == "name":
            if token.text not in self.variables:
                raise SyntaxProblem(f"unknown variable {token.text!r}")
            return self.variables[token.text]
        if token.text == "-":
            return -self.expression(3)
        if token.text == "(":
            value = self.expression(1)
            if not self.tokens or self.tokens.pop(0).text != ")":
                raise SyntaxProblem("missing ')'")
            return value
        raise SyntaxProblem(f"unexpected {token.text!r}")
