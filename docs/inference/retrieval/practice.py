"""The same with libraries: BM25 by SQLite, latent vectors and their search by scikit-learn."""

import sqlite3
from collections.abc import Sequence

import numpy as np
from sklearn.decomposition import TruncatedSVD
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.neighbors import NearestNeighbors
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import Normalizer


# --8<-- [start:words]
def by_words(passages: Sequence[str], question: str, k: int) -> list[tuple[int, float]]:
    """The k best passages by SQLite's BM25 with their scores; SQLite counts better scores downwards."""
    data = sqlite3.connect(":memory:")
    data.execute("CREATE VIRTUAL TABLE passages USING fts5(text)")
    data.executemany("INSERT INTO passages VALUES (?)", [(text,) for text in passages])
    match = " OR ".join(f'"{word}"' for word in question.split())
    rows = data.execute(
        "SELECT rowid - 1, -bm25(passages) FROM passages WHERE passages MATCH ? ORDER BY rank LIMIT ?",
        (match, k),
    )
    return [(int(number), float(score)) for number, score in rows]
    # --8<-- [end:words]


# --8<-- [start:vectors]
def by_vectors(passages: Sequence[str], question: str, k: int, width: int) -> list[int]:
    """The k nearest passages by latent vectors."""
    encoder = make_pipeline(
        TfidfVectorizer(sublinear_tf=True, smooth_idf=False, token_pattern=r"\w+"),
        TruncatedSVD(width, algorithm="arpack", random_state=0),
        Normalizer(),
    )
    search = NearestNeighbors(n_neighbors=k, metric="cosine").fit(encoder.fit_transform(passages))
    found: list[int] = np.asarray(search.kneighbors(encoder.transform([question]))[1])[0].tolist()
    return found
    # --8<-- [end:vectors]
