"""A strict recursive descent over the tokens of one statement; it does not know what a name means."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from scripts.printed.lexer import ACCENTS, Token, Unreadable
from scripts.printed.tree import EMPTY, OPEN, Node

RELATIONS = {"=", r"\leq", r"\geq", "<", ">", r"\approx", r"\neq", r"\in", r"\sim", r"\mapsto"}
RELATIONS |= {r"\succ", r"\propto", r"\rightarrow", r"\notin"}
SIGNS = {"+", "-", r"\pm", r"\mp"}
TIMES = {r"\cdot", r"\times", r"\odot", "/", r"\otimes"}
FUNCTIONS = {rf"\{n}" for n in "log ln exp sin cos tan tanh sinh cosh det arcsin arccos Pr".split()}
EXTREMES = {r"\max", r"\min", r"\lim", r"\sup", r"\inf", r"\arg\max", r"\arg\min"}
SUMS = {r"\sum", r"\prod", r"\int"}
SEPARATORS = {",", "|", r"\|", ";", ":"}
CLOSE = set(OPEN.values())


def marked(sign: str, node: Node) -> Node:
    """A base with a prime or a factorial sign."""
    return Node("mark", (node,), sign)


class Parser:
    """A strict recursive descent over the tokens of one statement."""

    def __init__(self, found: list[Token]) -> None:
        self.tokens = found
        self.at = 0

    def peek(self) -> Token:
        """The next token; an empty one at the end."""
        return self.tokens[self.at] if self.at < len(self.tokens) else Token("end of text", "", 0)

    def take(self, *texts: str) -> Token:
        """The next token, which must be one of these if any are given."""
        token = self.peek()
        if token.kind == "end of text" or (texts and token.text not in texts):
            raise Unreadable(f"{' or '.join(texts) or 'something'} is missing {self.here()}")
        self.at += 1
        return token

    def here(self) -> str:
        """Where the reader stands, for a message."""
        before = " ".join(token.text for token in self.tokens[max(self.at - 4, 0) : self.at])
        return f"after '{before}'" if before else "at the start"

    def whole(self) -> Node:
        """The whole statement."""
        node = self.chain()
        if self.peek().text == r"\Longleftrightarrow":
            self.take()
            node = Node("iff", (node, self.chain()))
        if self.at < len(self.tokens):
            raise Unreadable(f"'{self.peek().text}' cannot stand {self.here()}")
        return node

    def chain(self) -> Node:
        """Sides and the relations between them."""
        sides, signs = [self.sum()], list[str]()
        while self.peek().text in RELATIONS:
            signs.append(self.take().text)
            sides.append(self.sum())
        return Node("chain", tuple(sides), "", tuple(signs)) if signs else sides[0]

    def sum(self) -> Node:
        """Terms and their signs."""
        signs = [self.take().text if self.peek().text in SIGNS else "+"]
        terms = [self.term()]
        while self.peek().text in SIGNS:
            signs.append(self.take().text)
            terms.append(self.term())
        if signs == ["+"]:
            return terms[0]
        return Node("sum", tuple(terms), "", tuple(signs))

    def term(self) -> Node:
        """Factors; what binds in two ways is refused."""
        factors, signs = [self.factor()], list[str]()
        while True:
            token = self.peek()
            if token.text in TIMES:
                if "/" in signs[-1:]:
                    raise Unreadable(
                        "a quotient goes on: write \\frac{…}{…}, or brackets round what is divided"
                    )
                signs.append(self.take().text)
                factors.append(self.factor())
            elif self.starts(token):
                self.adjacent(factors, signs, token)
                signs.append("")
                factors.append(self.factor())
            else:
                break
        if len(factors) == 1:
            return factors[0]
        return Node("product", tuple(factors), "", tuple(signs))

    def adjacent(self, factors: list[Node], signs: list[str], token: Token) -> None:
        """Refuse a factor that could belong to what stands before it."""
        last = factors[-1]
        called = token.text in OPEN
        if "/" in signs[-1:] and not (called and last.kind in {"name", "sub", "mark", "label"}):
            raise Unreadable(
                f"what '/' divides by is not plain: write \\frac{{…}}{{…}}, or brackets {self.here()}"
            )
        if last.kind == "apply" and last.text == "bare":
            raise Unreadable(f"'{last}' is followed by another factor: give the function brackets")
        if last.kind == "big":
            raise Unreadable(f"'{last}' is followed by another factor: put brackets round the sum")
        after = self.tokens[self.at + 2 : self.at + 3]
        if token.text == r"\underbrace" and after and after[0].text in SIGNS:
            raise Unreadable(
                f"a brace begins with a sign, as if it were a factor: write the sign before it {self.here()}"
            )
        if token.kind == "number":
            raise Unreadable(f"a number follows a factor {self.here()}: write \\cdot between them")

    def starts(self, token: Token) -> bool:
        """Whether a factor begins here."""
        if token.kind in {"number", "letter", "operator", "begin"} or token.text in OPEN:
            return True
        if token.kind == "word" or token.text in {"!", "'", "^", "_"}:
            return False
        stops = RELATIONS | SIGNS | TIMES | SEPARATORS | CLOSE
        return token.kind == "command" and token.text not in stops | {
            r"\Longleftrightarrow",
            r"\quad",
            r"\\",
        }

    def factor(self) -> Node:
        """One factor with its scripts."""
        token = self.peek()
        if token.text in SUMS:
            return self.big()
        if token.text in EXTREMES or token.text == r"\arg":
            return self.extreme()
        if token.text == r"\mathbb" and self.blackboard() == "E":
            return self.expectation()
        if token.text in FUNCTIONS:
            return self.function()
        base = self.primary()
        node = self.scripts(base)
        if base.kind == "operator":
            return self.named(node)
        return node

    def blackboard(self) -> str:
        """The letter of a \\mathbb that comes next."""
        ahead = self.tokens[self.at + 1 : self.at + 4]
        if ahead and ahead[0].text != "{":
            return ahead[0].text
        return ahead[1].text if len(ahead) > 1 else ""

    def named(self, node: Node) -> Node:
        """A named operator, whose argument may stand bare behind it."""
        token = self.peek()
        plain = token.kind in {"letter", "operator"} or token.text in ACCENTS
        return self.bare(node) if plain else node

    def big(self) -> Node:
        """A sum, product or integral: all that follows up to a sign belongs to it."""
        text = self.take().text
        low, high = self.limits()
        return Node("big", (low, high, self.term()), text)

    def extreme(self) -> Node:
        """A maximum, minimum or limit, of brackets or of one factor."""
        text = self.take().text
        if text == r"\arg":
            text += self.take(r"\max", r"\min").text
        low, high = self.limits()
        name = Node("name", (), text)
        if low is EMPTY and self.peek().text == "(":
            return Node("apply", (name, self.scripts(self.group())), "brackets")
        if low is EMPTY and self.peek().text != r"\{":
            raise Unreadable(f"{text} says not over what: write {text}_{{…}} or {text}(…)")
        body = self.bare(name)
        return Node("apply", (Node("big", (low, high, name), text), body.parts[1]), "bare")

    def expectation(self) -> Node:
        """An expectation, which has its bracket."""
        self.primary()
        low, _ = self.limits()
        if self.peek().text not in {"[", "("}:
            raise Unreadable(r"an expectation has its bracket: write \mathbb{E}\bigl[…\bigr]")
        node = Node("expect", (low, self.group()), r"\mathbb{E}")
        return self.scripts(node)

    def function(self) -> Node:
        """A function such as the logarithm, of brackets or of one factor."""
        name = Node("name", (), self.take().text)
        if self.peek().text == "^":
            raise Unreadable(f"{name.text}^… has two readings: write the power behind brackets")
        if self.peek().text == "_":
            name = self.scripts(name)
        if self.peek().text in OPEN and self.peek().text not in {r"\lVert", r"\lvert"}:
            group = self.group()
            if self.peek().text == "^":
                raise Unreadable(f"{name}(…)^… has two readings: put brackets round the whole")
            return Node("apply", (name, group), "brackets")
        return self.bare(name)

    def bare(self, name: Node) -> Node:
        """A function and the one factor behind it, calls and all."""
        if not self.starts(self.peek()):
            raise Unreadable(f"{name} has no argument {self.here()}")
        argument = self.factor()
        parts = [argument]
        while self.peek().text in {"(", "["} and argument.kind in {
            "name",
            "sub",
            "mark",
            "label",
            "operator",
            "power",
        }:
            if len(parts) > 1:
                raise Unreadable(
                    f"'{name} {argument}(…)' is followed by brackets: put them before the function"
                )
            parts.append(self.scripts(self.group()))
        if len(parts) > 1:
            argument = Node("product", tuple(parts), "", ("",) * (len(parts) - 1))
        return Node("apply", (name, argument), "bare")

    def limits(self) -> tuple[Node, Node]:
        """What stands below and above a big sign."""
        low = high = EMPTY
        while self.peek().text in {"_", "^"}:
            if self.take().text == "_":
                low = self.script(self.arguments)
            else:
                high = self.script(self.arguments)
        return low, high

    def script(self, inner: Callable[[], Node]) -> Node:
        """What an index or exponent holds: one sign, or braces."""
        if self.peek().text != "{":
            token = self.take()
            if token.kind == "sign" and token.text in {"*", "'"}:
                return Node("name", (), token.text)
            self.at -= 1
            return self.primary()
        self.take("{")
        node = inner()
        self.take("}")
        return node

    def arguments(self) -> Node:
        """What stands between commas, in an index or below a sum."""
        parts, seps = [self.item()], list[str]()
        while self.peek().text in SEPARATORS:
            seps.append(self.take().text)
            parts.append(self.item())
        return Node("group", tuple(parts), "[", tuple(seps)) if seps else parts[0]

    def item(self) -> Node:
        """One of several: a claim, words, or what comes before an index."""
        token = self.peek()
        if token.text in {"<", ">", r"\leq", r"\geq", r"\neq"}:
            return Node("before", (self.sum_after(),), token.text)
        if token.kind == "word":
            return self.wording()
        if token.text == r"\dots":
            self.take()
            return Node("dots")
        if token.text == r"\cdot":
            self.take()
            return Node("name", (), r"\cdot")
        return self.chain()

    def sum_after(self) -> Node:
        """The sum behind a relation that has no left side."""
        self.take()
        return self.sum()

    def wording(self) -> Node:
        """Words, and names or calls that belong to them, as one name."""
        text = ""
        while self.peek().text not in SEPARATORS | CLOSE | {"}", ""}:
            token = self.take()
            text += f"{token.text} " if token.kind == "word" else f"${token.text}$ "
        return Node("word", (), text.strip().replace("$ $", " "))

    def scripts(self, base: Node) -> Node:
        """A base with its indices, labels, marks and powers, in this order however they are printed."""
        index: Node | None = None
        later: list[Callable[[Node], Node]] = []
        while self.peek().text in {"_", "^", "'", "!"}:
            sign = self.take().text
            if sign in {"'", "!"}:
                later.append(partial(marked, sign))
            elif sign == "_":
                if index is not None:
                    raise Unreadable(f"two indices {self.here()}: put both into one, with a comma")
                index = self.script(self.arguments)
            else:
                later.append(self.raised(base))
        node = base if index is None else Node("sub", (base, index))
        for wrap in later:
            node = wrap(node)
        return node

    def raised(self, base: Node) -> Callable[[Node], Node]:
        """What an exponent does to its base: a mark, a label or a power."""
        content = self.script(self.exponent)
        text = content.text if content.kind in {"name", "word"} else ""
        if content.kind == "marked":
            name, sign = content.parts
            return lambda node: Node("mark", (Node("label", (node, name)),), sign.text)
        if content.kind == "group" and content.text == "(" and len(content.parts) == 1:
            return lambda node: Node("label", (node, content.parts[0]))
        if text in {r"\top", "*", "'", r"\star", r"\ast", r"\prime"}:
            mark = {r"\star": "*", r"\ast": "*", r"\prime": "'"}.get(text, text)
            return lambda node: Node("mark", (node,), mark)
        if content.kind == "word":
            return lambda node: Node("mark", (node,), rf"\text{{{text}}}")
        if base.kind in {"fraction", "apply", "product"}:
            raise Unreadable(f"a power of '{base}' needs brackets round its base")
        return lambda node: Node("power", (node, content))

    def exponent(self) -> Node:
        """What stands in the braces of an exponent."""
        if self.peek().kind == "word":
            return self.wording()
        if self.peek().text == "*":
            return Node("name", (), self.take().text)
        node = self.chain()
        if (
            node.kind == "product"
            and node.parts[-1].text == r"\top"
            and node.parts[0].kind == "group"
        ):
            return Node("marked", (node.parts[0].parts[0], node.parts[-1]))
        return node

    def primary(self) -> Node:
        """A number, a name, brackets, a fraction, a root, a matrix …"""
        token = self.take()
        if token.text in OPEN:
            self.at -= 1
            return self.group()
        if token.kind == "number":
            return Node("number", (), token.text)
        if token.kind == "operator":
            return Node("operator", (), token.text)
        if token.kind == "word":
            return Node("word", (), token.text)
        if token.kind == "begin":
            return self.table(token.text)
        if token.text in ACCENTS:
            return Node("name", (), f"{token.text}{{{self.accented()}}}")
        special: dict[str, Callable[[], Node]] = {
            r"\frac": self.fraction,
            r"\sqrt": self.root,
            r"\underbrace": self.braced,
            r"\dots": lambda: Node("dots"),
        }
        if token.text in special:
            return special[token.text]()
        if token.kind == "letter" or (
            token.kind == "command" and self.starts(token) and token.text not in FUNCTIONS
        ):
            return Node("name", (), token.text)
        raise Unreadable(f"'{token.text}' cannot stand {self.here()}")

    def accented(self) -> str:
        """The letter below an accent, or in another alphabet."""
        if self.peek().text == "{":
            self.take()
            text = ""
            while self.peek().text != "}":
                token = self.take()
                if token.text in ACCENTS:
                    text += f"{token.text}{{{self.accented()}}}"
                elif token.kind in {"letter", "number"} or token.kind == "command":
                    text += token.text
                else:
                    raise Unreadable(
                        f"an accent stands over '{token.text}': put it over one letter"
                    )
            self.take("}")
            return text
        token = self.take()
        return f"{token.text}{{{self.accented()}}}" if token.text in ACCENTS else token.text

    def argument(self) -> Node:
        """One argument of a command: braces, or one sign."""
        return self.script(self.chain)

    def fraction(self) -> Node:
        """Numerator and denominator."""
        return Node("fraction", (self.argument(), self.argument()))

    def root(self) -> Node:
        """A square root."""
        if self.peek().text == "[":
            raise Unreadable("only square roots are read: write a power")
        return Node("root", (self.argument(),))

    def braced(self) -> Node:
        """What has a brace below it; the brace binds like brackets, its label says nothing."""
        node = self.argument()
        if self.peek().text == "_":
            self.take()
            self.script(self.item)
        return Node("group", (node,), "(")

    def group(self) -> Node:
        """Brackets of any kind, with what stands between commas and bars."""
        opening = self.take().text
        parts, seps = [self.item()], list[str]()
        while self.peek().text in SEPARATORS:
            seps.append(self.take().text)
            parts.append(self.item())
        closing = self.take().text
        if closing != OPEN[opening]:
            raise Unreadable(f"'{opening}' is closed by '{closing}' {self.here()}")
        return Node("group", tuple(parts), opening, tuple(seps))

    def table(self, kind: str) -> Node:
        """A matrix, or cases: rows of cells."""
        if kind not in {"pmatrix", "bmatrix", "matrix", "cases"}:
            raise Unreadable(f"the environment {kind} is not read")
        cells, rows = list[Node](), list[int]()
        width = 0
        while True:
            cells.append(self.condition() if kind == "cases" and width else self.sum())
            width += 1
            token = self.take("&", r"\\", kind)
            if token.text != "&":
                rows.append(width)
                width = 0
            if token.kind == "end":
                break
            if self.peek().kind == "end":
                self.take()
                break
        if len(set(rows)) > 1:
            raise Unreadable(f"the rows of a {kind} have {rows} cells")
        return Node("cases" if kind == "cases" else "matrix", tuple(cells), "", (str(rows[0]),))

    def condition(self) -> Node:
        """When a case holds: a claim, perhaps behind "if", or words."""
        if self.peek().kind != "word":
            return self.chain()
        word = self.take()
        if self.peek().text in {"&", r"\\", "cases"}:
            return Node("word", (), word.text)
        return self.chain()
