"""Classes of the project: they grow, merge, or are put away unused."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import pytest

from autoanno_gui.core.classes import PALETTE
from autoanno_gui.core.errors import KnownError
from autoanno_gui.core.records import ClassRecord, DecisionKind, VerdictKind
from autoanno_gui.store.reader import Reader
from autoanno_gui.store.store_thread import Priority, Store
from autoanno_gui.store.writer import Writer
from tests.unit.store.builders import add, decide, decision, verdict

T = TypeVar("T")


def do(store: Store, work: Callable[[Writer], T]) -> T:
    return store.submit(Priority.OTHER, work).result()


def test_new_classes_get_the_next_colour_and_digit(store: Store, reader: Reader) -> None:
    made = [do(store, lambda w, n=n: w.add_class(f"class {n}")) for n in range(11)]
    assert reader.classes() == made
    assert [record.slot for record in made] == [1, 2, 3, 4, 5, 6, 7, 8, 9, None, None]
    assert [record.colour for record in made] == list(PALETTE[:11])
    assert do(store, lambda w: w.add_class("  Été\n rouge ", colour="#ABCDEF")) == ClassRecord(
        12, "Été rouge", "#abcdef"
    )


def test_refused_names_and_digits(store: Store, reader: Reader) -> None:
    car = do(store, lambda w: w.add_class("car"))
    bus = do(store, lambda w: w.add_class("bus"))
    for work in (lambda w: w.add_class(" car"), lambda w: w.rename_class(bus.id, "car ")):
        with pytest.raises(KnownError, match="There is already a class “car”"):
            do(store, work)
    with pytest.raises(KnownError, match="needs a name"):
        do(store, lambda w: w.add_class(" \n"))
    with pytest.raises(KnownError, match="The digit 1 already sets the class “car”"):
        do(store, lambda w: w.add_class("van", slot=1))
    for work in (lambda w: w.add_class("van", slot=0), lambda w: w.add_class("van", colour="red")):
        with pytest.raises(ValueError, match="not a"):
            do(store, work)
    assert reader.classes() == [car, bus]
    do(store, lambda w: w.rename_class(bus.id, "Car"))
    do(store, lambda w: w.rename_class(car.id, "car"))
    do(store, lambda w: w.recolour_class(car.id, "#00FF00"))
    assert [(record.name, record.colour) for record in reader.classes()] == [("car", "#00ff00"), ("Car", bus.colour)]


def test_digits_can_be_exchanged(store: Store, reader: Reader) -> None:
    one, two, three = (do(store, lambda w, n=n: w.add_class(n)) for n in ("a", "b", "c"))
    do(store, lambda w: w.set_class_slots({one.id: 2, two.id: 1}))
    assert [record.slot for record in reader.classes()] == [2, 1, 3]
    do(store, lambda w: w.set_class_slots({one.id: 3}))  # taken from the third, which is not named
    assert [record.slot for record in reader.classes()] == [3, 1, None]
    do(store, lambda w: w.set_class_slots({one.id: None, three.id: 9}))
    assert [record.slot for record in reader.classes()] == [None, 1, 9]
    with pytest.raises(ValueError, match="one digit for two"):
        do(store, lambda w: w.set_class_slots({one.id: 4, two.id: 4}))


def test_a_merged_class_is_read_as_the_one_that_took_its_place(store: Store, reader: Reader) -> None:
    frame = add(store, "a.jpg")[0]
    car, van, vehicle = (do(store, lambda w, n=n: w.add_class(n)) for n in ("car", "van", "vehicle"))
    do(store, lambda w: w.set_class_map("hash-a", {0: car.id, 1: van.id, 2: None}))
    made = decision(
        frame.id,
        DecisionKind.EDITED,
        verdict(car.id, VerdictKind.ADDED),
        verdict(van.id, VerdictKind.ADDED),
        verdict(car.id, VerdictKind.REJECTED),
    )
    decide(store, made)
    assert [record.used for record in reader.classes()] == [True, True, False]

    do(store, lambda w: w.merge_class(car.id, van.id))
    do(store, lambda w: w.merge_class(van.id, vehicle.id))

    assert [(r.merged_into, r.slot, r.used) for r in reader.classes()] == [
        (vehicle.id, None, True),
        (vehicle.id, None, True),
        (None, 3, True),
    ]
    assert reader.class_map("hash-a") == {0: vehicle.id, 1: vehicle.id, 2: None}
    assert reader.decision(frame.id) == made  # the ledger keeps what was said
    exported = next(iter(reader.labelled_frames()))
    assert [annotation.class_id for annotation in exported.annotations] == [vehicle.id, vehicle.id]

    # A decision that was made before the merge and arrives after it.
    decide(store, decision(frame.id, DecisionKind.EDITED, verdict(car.id, VerdictKind.ADDED)))
    assert [a.class_id for a in next(iter(reader.labelled_frames())).annotations] == [vehicle.id]
    # The old name is free again.
    assert do(store, lambda w: w.add_class("car")).id == 4


def test_a_merge_hands_on_the_digit(store: Store, reader: Reader) -> None:
    car, vehicle = (do(store, lambda w, n=n: w.add_class(n)) for n in ("car", "vehicle"))
    do(store, lambda w: w.set_class_slots({vehicle.id: None}))
    do(store, lambda w: w.merge_class(car.id, vehicle.id))
    assert [record.slot for record in reader.classes()] == [None, 1]


def test_merges_that_make_no_sense(store: Store) -> None:
    car, van = (do(store, lambda w, n=n: w.add_class(n)) for n in ("car", "van"))
    with pytest.raises(KnownError, match="cannot be merged into itself"):
        do(store, lambda w: w.merge_class(car.id, car.id))
    do(store, lambda w: w.merge_class(car.id, van.id))
    for work in (
        lambda w: w.merge_class(van.id, car.id),
        lambda w: w.merge_class(99, van.id),
        lambda w: w.rename_class(car.id, "auto"),
    ):
        with pytest.raises(LookupError):
            do(store, work)


def test_only_an_unused_class_can_be_removed(store: Store, reader: Reader) -> None:
    frame = add(store, "a.jpg")[0]
    car, cat, dog = (do(store, lambda w, n=n: w.add_class(n)) for n in ("car", "cat", "dog"))
    do(store, lambda w: w.set_class_map("hash-a", {0: cat.id}))
    verdicts = verdict(car.id, VerdictKind.ADDED), verdict(cat.id, VerdictKind.REJECTED)
    made = decision(frame.id, DecisionKind.EDITED, *verdicts)
    decide(store, made)

    with pytest.raises(KnownError, match="“car” has annotations; merge it"):
        do(store, lambda w: w.remove_class(car.id))
    do(store, lambda w: w.remove_class(cat.id))
    assert [record.id for record in reader.classes()] == [car.id, dog.id]
    assert reader.class_map("hash-a") == {0: None}
    assert reader.decision(frame.id) == made
    # Neither its id nor anything else of it goes to the next class; its name and digit are free.
    again = do(store, lambda w: w.add_class("cat"))
    assert (again.id, again.slot) == (4, 2)


def test_a_class_that_was_removed_while_a_decision_was_on_its_way(store: Store, reader: Reader) -> None:
    one, two = add(store, "a.jpg", "b.jpg")
    cat, dog = (do(store, lambda w, n=n: w.add_class(n)) for n in ("cat", "dog"))
    do(store, lambda w: w.remove_class(cat.id))
    do(store, lambda w: w.remove_class(dog.id))
    new_dog = do(store, lambda w: w.add_class("dog"))
    decide(store, decision(one.id, DecisionKind.EDITED, verdict(cat.id, VerdictKind.ADDED)))
    decide(store, decision(two.id, DecisionKind.EDITED, verdict(dog.id, VerdictKind.ADDED)))
    assert [(r.id, r.used, r.merged_into) for r in reader.classes()] == [
        (cat.id, True, None),
        (dog.id, True, new_dog.id),
        (new_dog.id, True, None),
    ]
    exported = [a.class_id for frame in reader.labelled_frames() for a in frame.annotations]
    assert exported == [cat.id, new_dog.id]


def test_a_class_that_was_merged_while_a_decision_was_on_its_way(store: Store, reader: Reader) -> None:
    frame = add(store, "a.jpg")[0]
    van, car = (do(store, lambda w, n=n: w.add_class(n)) for n in ("van", "car"))
    do(store, lambda w: w.merge_class(van.id, car.id))
    decide(store, decision(frame.id, DecisionKind.EDITED, verdict(van.id, VerdictKind.ADDED)))
    with pytest.raises(KnownError, match="“car” has annotations"):
        do(store, lambda w: w.remove_class(car.id))
    assert [a.class_id for found in reader.labelled_frames() for a in found.annotations] == [car.id]


def test_a_removed_class_takes_those_that_were_merged_into_it_along(store: Store, reader: Reader) -> None:
    first, second = (do(store, lambda w, n=n: w.add_class(n)) for n in ("first", "second"))
    do(store, lambda w: w.merge_class(first.id, second.id))
    do(store, lambda w: w.remove_class(second.id))
    assert reader.classes() == []
    assert do(store, lambda w: w.add_class("first")).id not in (first.id, second.id)
