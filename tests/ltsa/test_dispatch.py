"""Who is called next, as a pure function."""

from ltsa.dispatch import explain, pick

A, B, C = (100, 1, "A001"), (200, 2, "A002"), (50, 3, "B001")


def test_nobody_waits_nobody_is_picked() -> None:
    assert pick({"bank": []}, ("bank",)) is None


def test_the_oldest_wait_of_all_the_counter_s_services_is_picked() -> None:
    picked = pick({"bank": [A, B], "health": [C]}, ("bank", "health"))
    assert picked is not None
    assert (picked.number, picked.service) == ("B001", "health")
    assert (picked.why.eligible, picked.why.runner_up, picked.why.margin) == (3, "A001", 50)


def test_services_that_the_counter_does_not_take_do_not_count() -> None:
    picked = pick({"bank": [A, B], "health": [C]}, ("bank",))
    assert picked is not None
    assert (picked.number, picked.why.eligible) == ("A001", 2)


def test_a_person_in_two_queues_is_one_person_and_called_for_the_first_named() -> None:
    picked = pick({"bank": [A, B], "health": [A]}, ("health", "bank"))
    assert picked is not None
    assert (picked.service, picked.why.eligible) == ("health", 2)


def test_a_choice_against_the_rule_says_how_many_were_passed_over() -> None:
    why = explain({"bank": [A, B], "health": [C]}, ("bank", "health"), B, "chosen/1")
    assert (why.rule, why.passed_over, why.runner_up, why.margin) == ("chosen/1", 2, "B001", -150)
