"""Requests about one's own data, by the page: the list with its clocks, the press that does it, the answer."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING, Any

import pytest

from ltsa.identity import identity
from ltsa.journal import DataExported, DataSeen
from ltsa.subject import asked
from tests.staff import signed_in
from web import journeys, subject
from web.house import House

if TYPE_CHECKING:
    from flask.testing import FlaskClient

    from tests.manage.conftest import Manager

NIK = "3204014503900001"
HOUR = 3_600_000


@pytest.fixture
def ratna(manager: Manager) -> tuple[str, str]:
    """Ratna has a journey here: her pseudonym, and the secret of her card."""
    agreed = asked({}).given(asked({}).digest("id"), "kiosk")
    who = identity(NIK, "Ratna Sari", "0812 3456 7890")
    said: dict[str, Any] = {"office": "ltsa", "by": "kiosk:pintu", "key": "k"}
    person, _, secret = journeys.open_case(manager.house, who, **said, scheme="p-to-p", agreed=agreed)
    return person, secret


def receives(manager: Manager, kind: str, who: str = NIK) -> str:
    answer = manager.posts("/requests", who=who, kind=kind, document="yes", key=f"ask-{kind}")
    assert answer.status_code == 303
    return str(answer.location).rpartition("/")[2].partition("?")[0]


def seen(manager: Manager, kind: type[Any] = DataSeen) -> list[tuple[str, str]]:
    topic = "data-seen/1" if kind is DataSeen else "data-exported/1"
    return [(it.event.kind, it.event.by) for it in manager.house.ledger.told(topic) if isinstance(it.event, kind)]


def test_a_request_is_received_shown_on_the_list_and_answered(manager: Manager, ratna: tuple[str, str]) -> None:
    assert "Tidak ada permintaan yang menunggu" in manager.opens("/requests")
    request = receives(manager, "show", f"https://ltsa.example/c/{ratna[1]}")
    listed = manager.opens("/requests")
    assert "Perlihatkan data" in listed
    assert "sisa 71 jam 59 menit" in listed
    for words in (NIK, "Ratna", ratna[1]):
        assert words not in listed, "the list says who nobody is"
    page = manager.opens(f"/requests/{request}")
    assert f"NIK {NIK}" in page
    assert "UU 27/2022 pasal 7 dan 32" in page
    assert seen(manager) == [("person", "manager:rahma")], "who they are was shown, and that is on record"

    answer = manager.opens(f"/requests/{request}/answer")
    for words in ("Ratna Sari", "+6281234567890", asked({}).words["id"], "di kiosk LTSA Contoh", "Data dilihat:"):
        assert words in answer
    file = manager.client.get(f"/manage/ltsa/requests/{request}/answer.json")
    assert file.get_json()["identity"]["name"] == "Ratna Sari"
    assert file.headers["Cache-Control"] == "no-store"
    assert seen(manager, DataExported) == [("own-data", "manager:rahma")]

    assert manager.posts(f"/requests/{request}/show", key="done").status_code == 303
    after = manager.opens(f"/requests/{request}")
    assert "Dipenuhi" in after
    assert NIK not in after, "once it is answered nobody needs to know"
    assert manager.client.get(f"/manage/ltsa/requests/{request}/answer").status_code == 409
    assert "tepat waktu" in manager.opens("/requests")


@pytest.mark.usefixtures("ratna")
@pytest.mark.parametrize(
    ("form", "words"),
    [
        ({"who": "3204010503900002", "document": "yes"}, "Tidak ada catatan tentang orang ini"),
        ({"who": "320401450390", "document": "yes"}, "NIK terdiri atas 16 angka"),
        ({"who": NIK}, "Lihat dahulu kartu identitas orangnya"),
        ({"who": NIK, "document": "yes", "kind": "sell"}, "Pilih apa yang diminta"),
    ],
)
def test_a_form_that_cannot_be_says_what_would_be_right(manager: Manager, form: dict[str, str], words: str) -> None:
    answer = manager.posts("/requests", **({"kind": "show", "key": "k"} | form))
    assert answer.status_code in {409, 422}
    assert words in answer.get_data(as_text=True)
    assert form["who"] not in answer.get_data(as_text=True), "what was typed is shown to nobody after"
    assert not manager.house.present.requests("ltsa").requests


def test_each_kind_is_done_with_its_press(manager: Manager, ratna: tuple[str, str]) -> None:
    person, here = ratna[0], manager.house
    correct = receives(manager, "correct")
    manager.opens(f"/requests/{correct}")
    wrong = manager.posts(f"/requests/{correct}/correct", **(manager.sheet | {"phone": "x"}))
    assert "Tulis nomor telepon" in wrong.get_data(as_text=True)
    done = manager.posts(f"/requests/{correct}/correct", **(manager.sheet | {"name": "Ratna Sari Dewi", "key": "c"}))
    assert done.status_code == 303
    assert "Dipenuhi: nama" in manager.opens(f"/requests/{correct}")

    restrict = receives(manager, "restrict")
    manager.posts(f"/requests/{restrict}/restrict", key="r")
    assert "Pemakaian datanya dibatasi sejak" in manager.opens(f"/requests/{restrict}")
    manager.posts(f"/requests/{restrict}/lift", key="l")
    assert "dibatasi sejak" not in manager.opens(f"/requests/{restrict}")

    refused = receives(manager, "withdraw")
    assert manager.posts(f"/requests/{refused}/refuse", reason="no-time", key="n").status_code == 422
    manager.posts(f"/requests/{refused}/take", key="t")
    manager.posts(f"/requests/{refused}/refuse", reason="taken-back", key="n2")
    assert "Ditolak: ditarik kembali oleh orangnya" in manager.opens(f"/requests/{refused}")

    erase = receives(manager, "erase")
    assert manager.posts(f"/requests/{erase}/show", key="x").status_code == 409, "another kind's press"
    assert manager.posts(f"/requests/{erase}/sell", key="x").status_code == 404
    unsure = manager.posts(f"/requests/{erase}/erase", key="e")
    assert (unsure.status_code, "tidak dapat diurungkan" in unsure.get_data(as_text=True)) == (422, True)
    assert here.persons.read(person) is not None
    manager.posts(f"/requests/{erase}/erase", sure="yes", key="e")
    assert "Data diri dihapus pada" in manager.opens(f"/requests/{erase}")
    assert (here.persons.read(person), journeys.by_nik(here, NIK)) == (None, None)
    answer = manager.posts("/requests", who=NIK, kind="show", document="yes", key="again")
    assert "Tidak ada catatan tentang orang ini" in answer.get_data(as_text=True)


@pytest.mark.usefixtures("ratna")
def test_what_is_due_soon_or_overdue_stands_first_and_on_the_page_of_today(
    manager: Manager, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = manager.house.now()
    for hours, kind in ((73, "erase"), (49, "correct")):
        with monkeypatch.context() as patch:
            patch.setattr(manager.house, "now", lambda: now - hours * HOUR)  # noqa: B023 - used at once
            said: dict[str, Any] = {"office": "ltsa", "by": "supervisor:tono", "key": kind}
            subject.receive(manager.house, kind, NIK, document=True, **said)
    receives(manager, "show")
    page = manager.opens("/requests")
    assert page.index("lewat 1 jam") < page.index("sisa 22 jam 59 menit") < page.index("sisa 71 jam 59 menit")
    today = manager.opens("")
    assert "1 permintaan pemilik data terlambat dijawab" in today
    assert "1 permintaan pemilik data harus dijawab hari ini" in today


@pytest.mark.usefixtures("ratna")
def test_only_the_manager_learns_who_asks(manager: Manager) -> None:
    request = receives(manager, "show")
    before = len(seen(manager))
    app = manager.client.application
    for person, role in (("tono", "supervisor"), ("agus", "auditor")):
        client: FlaskClient = signed_in(app, person, [role], "ltsa")
        page = client.get(f"/manage/ltsa/requests/{request}").get_data(as_text=True)
        assert "Kartu identitasnya" not in page
        assert NIK not in page
        assert client.get(f"/manage/ltsa/requests/{request}/answer").status_code == 403
    assert len(seen(manager)) == before


@pytest.mark.usefixtures("ratna")
def test_a_request_outlives_the_server(manager: Manager) -> None:
    request = receives(manager, "erase")
    with closing(House(manager.house.settings)) as again:
        assert subject.of(again, "ltsa", request).kind == "erase"
