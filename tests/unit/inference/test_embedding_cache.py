from __future__ import annotations

from dataclasses import dataclass

from autoanno_gui.inference.embedding_cache import EmbeddingCache


@dataclass(frozen=True)
class Held:
    """Something that says it holds so many bytes."""

    nbytes: int


def test_what_was_put_is_found_again_by_any_hashable_key() -> None:
    cache = EmbeddingCache()
    first, second = Held(10), Held(20)
    cache.put("a", first)
    cache.put((7, ("b", None)), second)
    assert cache.get("a") is first
    assert cache.get((7, ("b", None))) is second
    assert cache.get("c") is None
    assert ("a" in cache, "c" in cache, len(cache), cache.nbytes) == (True, False, 2, 30)


def test_what_was_not_used_for_longest_goes_first() -> None:
    cache = EmbeddingCache(30)
    for key in "abc":
        cache.put(key, Held(10))
    cache.get("a")
    cache.put("d", Held(10))
    assert [key for key in "abcd" if key in cache] == ["a", "c", "d"]
    cache.put("e", Held(15))
    assert [key for key in "abcde" if key in cache] == ["d", "e"]
    assert cache.nbytes == 25


def test_looking_whether_it_is_there_is_no_use() -> None:
    cache = EmbeddingCache(20)
    cache.put("a", Held(10))
    cache.put("b", Held(10))
    assert "a" in cache
    cache.put("c", Held(10))
    assert "a" not in cache


def test_the_newest_stays_even_when_it_alone_is_too_large() -> None:
    cache = EmbeddingCache(30)
    cache.put("a", Held(10))
    large = Held(100)
    cache.put("b", large)
    assert (cache.get("a"), cache.get("b"), cache.nbytes) == (None, large, 100)
    cache.put("c", Held(30))
    assert ("b" in cache, "c" in cache, cache.nbytes) == (False, True, 30)


def test_a_key_has_one_embedding() -> None:
    cache = EmbeddingCache(30)
    cache.put("a", Held(10))
    cache.put("b", Held(10))
    newer = Held(20)
    cache.put("a", newer)
    assert (cache.get("a"), len(cache), cache.nbytes) == (newer, 2, 30)


def test_what_is_dropped_takes_no_memory() -> None:
    cache = EmbeddingCache()
    for key in "abc":
        cache.put(key, Held(10))
    cache.drop("b")
    cache.drop("b")
    assert (cache.get("b"), len(cache), cache.nbytes) == (None, 2, 20)
    cache.clear()
    assert (cache.get("a"), len(cache), cache.nbytes) == (None, 0, 0)


def test_half_a_gigabyte_is_kept_unless_told_otherwise() -> None:
    cache = EmbeddingCache()
    for number in range(9):
        cache.put(number, Held(64 << 20))
    assert (len(cache), cache.nbytes, 0 in cache) == (8, 512 << 20, False)
