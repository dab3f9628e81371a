"""The settings: what a form says is recorded, what it does not say stays, and everything can be undone."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from msgspec.structs import replace

from ltsa.office import example_office, usual_week
from ltsa.parts import value_at
from ltsa.subject import asked
from manage.fields import Sheet
from manage.sections import NEW, SECTIONS, service
from tests.manage.conftest import inputs_of

if TYPE_CHECKING:
    from tests.manage.conftest import Manager


def tomorrow(manager: Manager) -> str:
    return (manager.known.today(manager.house.now()) + timedelta(days=1)).isoformat()


# --- Forms


@pytest.mark.parametrize("section", [section.id for section in SECTIONS])
def test_a_form_that_nobody_touched_says_what_is_so_already(section: str) -> None:
    office = example_office()
    found = next(each for each in SECTIONS if each.id == section)
    for field in found.fields(office, "2027" if section == "days-off" else ""):
        sheet = Sheet(field.painted(office))
        for path, value in field.changes(sheet, office).items():
            assert value_at(office, path) == value, path
        assert not sheet.wrong


def test_a_page_that_nobody_touched_changes_nothing(manager: Manager) -> None:
    for section in SECTIONS:
        manager.opens(f"/settings/{section.id}")
        if section.id == "days-off":
            continue  # it proposes the days off of a year that nobody has looked at
        answer = manager.saves(section.id)
        assert answer.status_code == 409, section.id
        assert "Tidak ada yang berubah" in answer.get_data(as_text=True) or "sudah" in answer.get_data(as_text=True)
    assert manager.known.version == 1


def test_a_name_is_changed_from_today_on_and_the_page_says_so(manager: Manager) -> None:
    manager.opens("/settings/office")
    answer = manager.saves("office", why="SK kepala dinas", **{"name.id": "LTSA Mataram", "name.jv": "LTSA Mataram"})
    assert answer.status_code == 303
    page = manager.client.get(answer.location).get_data(as_text=True)
    assert "Tersimpan. Berlaku mulai" in page
    assert "SK kepala dinas" in page
    assert manager.office.name == {"id": "LTSA Mataram", "en": "LTSA Example", "jv": "LTSA Mataram"}
    assert manager.known.changes[-1].by == "manager:rahma"
    assert manager.known.changes[-1].parts == {"name": manager.office.name}


def test_what_was_saved_can_be_undone_from_the_line_that_says_so(manager: Manager) -> None:
    manager.opens("/settings/rules")
    manager.saves("rules", **{"rules/recall_limit": "5"})
    assert manager.office.rules.recall_limit == 5
    answer = manager.posts("/changes/2/withdraw", section="rules", key="undo")
    assert answer.status_code == 303
    assert "Perubahan diurungkan" in manager.client.get(answer.location).get_data(as_text=True)
    assert manager.office.rules.recall_limit == 3


def test_a_section_names_its_last_change_that_still_holds(manager: Manager) -> None:
    manager.opens("/settings/rules")
    manager.saves("rules", why="Uji kuota", **{"rules/capacity": "100"})
    assert "Uji kuota" in manager.opens("/settings/rules")
    manager.posts("/changes/2/withdraw", section="rules", key="undo")
    assert "Uji kuota" not in manager.opens("/settings/rules")


def test_changes_are_told_in_words_that_everybody_knows(manager: Manager) -> None:
    manager.opens("/settings/rules")
    manager.saves("rules", **{"rules/capacity": "100"})
    manager.opens("/settings/office")
    manager.saves("office", **{"running_text.id": "Tutup lebih awal.", "running_text.en": "Closing early."})
    page = manager.opens("/changes")
    assert "<td>tanpa batas</td><td>100</td>" in page
    assert "Indonesia: Tutup lebih awal.; Inggris: Closing early." in page
    assert "dan Dinas Tenaga Kerja</" not in manager.opens("/settings"), "three of eight agencies are not all of them"
    assert ", Dinas Tenaga Kerja +5" in manager.opens("/settings")


def test_the_order_of_calls_is_chosen_with_a_sentence_each_previewed_and_undone(manager: Manager) -> None:
    page = manager.opens("/settings/dispatch")
    for sentence in (
        "yang datang lebih dahulu dipanggil",
        "Setiap orang berdiri di satu antrean",
        "alasannya selalu tercatat",
    ):
        assert sentence in page
    changed = {"rules/dispatch/policy": "all", "rules/dispatch/shadow": "index", "rules/dispatch/far.labour": "on"}
    preview = manager.sends("dispatch", do="preview", **changed, **{"rules/dispatch/weights/priority": "2"})
    told = preview.get_data(as_text=True)
    assert "<td>Membantu seluruh kunjungan</td><td>Menunggu semua sekaligus</td>" in told
    assert "<td>3</td><td>2</td>" in told
    assert manager.office.rules.dispatch.policy == "index"
    assert manager.saves("dispatch").status_code == 303
    rules = manager.office.rules.dispatch
    assert (rules.policy, rules.shadow, rules.far, rules.weights.priority) == ("all", "index", ("labour",), 2)
    assert "Menunggu semua sekaligus, bayangan: Membantu seluruh kunjungan" in manager.opens("/settings")
    manager.posts("/changes/2/withdraw", section="dispatch", key="undo")
    assert manager.office.rules.dispatch == example_office().rules.dispatch


def test_a_policy_in_its_own_shadow_is_refused_beside_the_field(manager: Manager) -> None:
    manager.opens("/settings/dispatch")
    answer = manager.saves("dispatch", **{"rules/dispatch/shadow": "index"})
    assert answer.status_code == 422
    page = answer.get_data(as_text=True)
    assert "Cara bayangan harus lain daripada cara yang memanggil, atau tidak ada." in page
    assert 'id="rules/dispatch/shadow-error"' in page


def test_a_service_that_is_no_more_is_no_longer_far() -> None:
    office = example_office()
    everywhere = tuple(replace(counter, services=tuple(office.service)) for counter in office.counters)
    rules = replace(office.rules, dispatch=replace(office.rules.dispatch, far=("health", "bank")))
    office = replace(office, counters=everywhere, rules=rules)
    [services] = next(section for section in SECTIONS if section.id == "services").fields(office, "")
    kept = {name: text for name, text in services.painted(office).items() if text != "health"}
    assert services.changes(Sheet(kept), office)["rules/dispatch/far"] == ["bank"]


def test_a_change_may_begin_tomorrow_or_on_a_date(manager: Manager) -> None:
    manager.opens("/settings/rules")
    manager.saves("rules", since="tomorrow", **{"rules/recall_limit": "4"})
    assert manager.office.rules.recall_limit == 3
    assert manager.known.on(tomorrow(manager)).rules.recall_limit == 4
    manager.opens("/settings/rules")
    manager.saves("rules", since="date", since_date="2031-01-01", **{"rules/undo_seconds": "20"})
    later = manager.known.on("2031-01-01").rules
    assert (later.recall_limit, later.undo_seconds) == (4, 20)
    assert "Sudah direncanakan mulai" in manager.opens("/settings/rules")


def test_a_form_leaves_alone_what_is_planned_for_what_it_did_not_change(manager: Manager) -> None:
    manager.opens("/settings/return-reasons")
    manager.saves("return-reasons", since="tomorrow", **{"rules/return_reasons.0.name.id": "Berkas belum lengkap"})
    manager.opens("/settings/return-reasons")  # painted as of today, without what is planned
    manager.saves("return-reasons", since="tomorrow", **{"rules/return_reasons.1.name.id": "Salinan buram"})
    reasons = [reason.name["id"] for reason in manager.known.on(tomorrow(manager)).rules.return_reasons]
    assert reasons[:2] == ["Berkas belum lengkap", "Salinan buram"]


def test_a_date_of_the_past_is_refused_beside_the_date(manager: Manager) -> None:
    manager.opens("/settings/rules")
    answer = manager.saves("rules", since="date", since_date="2020-01-01", **{"rules/recall_limit": "4"})
    assert answer.status_code == 422
    page = answer.get_data(as_text=True)
    assert 'id="since-error"' in page
    assert 'value="4"' in page


def test_without_a_reason_nothing_is_saved_and_what_was_typed_stays(manager: Manager) -> None:
    manager.opens("/settings/office")
    answer = manager.saves("office", why="  ", **{"name.id": "LTSA Baru"})
    assert answer.status_code == 422
    page = answer.get_data(as_text=True)
    assert 'id="why-error"' in page
    assert 'value="LTSA Baru"' in page
    assert manager.known.version == 1


def test_a_wrong_number_is_said_at_its_field(manager: Manager) -> None:
    manager.opens("/settings/rules")
    answer = manager.saves("rules", **{"rules/recall_limit": "banyak", "rules/undo_seconds": "9"})
    assert answer.status_code == 422
    page = answer.get_data(as_text=True)
    assert 'id="rules/recall_limit-error"' in page
    assert "dari 0 sampai 20" in page
    assert 'value="banyak"' in page


def test_a_rule_s_refusal_stands_at_the_field_that_it_is_about(manager: Manager) -> None:
    manager.opens("/settings/services/bank")
    answer = manager.saves("services/bank", **{"services/bank/prefix": "a"})
    assert answer.status_code == 422
    assert 'id="services/bank/prefix-error"' in answer.get_data(as_text=True)


def test_a_form_from_before_somebody_else_s_change_does_not_overwrite_it(manager: Manager) -> None:
    manager.opens("/settings/rules")
    first = dict(manager.sheet)
    manager.saves("rules", **{"rules/recall_limit": "5"})
    manager.sheet = first | {"key": "another window"}
    answer = manager.saves("rules", **{"rules/recall_limit": "7"})
    assert answer.status_code == 409
    assert manager.office.rules.recall_limit == 5
    manager.sheet = first | {"key": "a third one"}
    assert manager.saves("rules", **{"rules/undo_seconds": "30"}).status_code == 303
    assert (manager.office.rules.recall_limit, manager.office.rules.undo_seconds) == (5, 30)


def test_the_same_press_twice_is_one_change(manager: Manager) -> None:
    manager.opens("/settings/rules")
    first = manager.saves("rules", **{"rules/recall_limit": "5"})
    again = manager.saves("rules")
    assert (first.status_code, again.status_code) == (303, 303)
    assert manager.known.version == 2


def test_a_preview_says_what_would_change_and_records_nothing(manager: Manager) -> None:
    manager.opens("/settings/rules")
    answer = manager.sends("rules", do="preview", **{"rules/recall_limit": "5", "rules/absent_place": "last"})
    assert answer.status_code == 200
    page = answer.get_data(as_text=True)
    assert "Bila disimpan" in page
    assert "Panggil ulang paling banyak" in page
    assert "Di belakang 3 orang" in page
    assert "Di akhir antrean" in page
    assert manager.known.version == 1


# --- Sections


def test_rows_are_added_moved_and_dropped_without_any_script(manager: Manager) -> None:
    manager.opens("/settings/outcomes")
    page = manager.sends("outcomes", do="add:rules/outcomes").get_data(as_text=True)
    assert page.count('class="rows__row"') == 4
    manager.sheet.update(
        {"rules/outcomes.3.key": "", "rules/outcomes.3.name.id": "Diwakilkan", "rules/outcomes.3.name.en": ""}
    )
    manager.sends("outcomes", do="up:rules/outcomes.3")
    manager.sends("outcomes", do="drop:rules/outcomes.1")
    page = manager.sends("outcomes", do="up:rules/outcomes.3").get_data(as_text=True)
    manager.sheet = inputs_of(page)
    manager.sheet = {name: text for name, text in manager.sheet.items() if not name.startswith("rules/outcomes.1.")}
    assert manager.saves("outcomes").status_code == 303
    found = manager.office.rules.outcomes
    assert [outcome.code for outcome in found] == ["done", "diwakilkan", "rejected"]
    assert [outcome.unlocks for outcome in found] == [True, False, False]


def test_a_new_reason_gets_a_code_of_its_own_that_stays_when_its_words_change(manager: Manager) -> None:
    manager.opens("/settings/pause-reasons")
    manager.sheet |= {"rules/pause_reasons.9.key": "", "rules/pause_reasons.9.name.id": "Rapat"}
    manager.saves("pause-reasons")
    assert manager.office.rules.pause_reasons[-1].code == "rapat"
    manager.opens("/settings/pause-reasons")
    row = next(name for name, text in manager.sheet.items() if text == "rapat").removesuffix(".key")
    manager.saves("pause-reasons", **{f"{row}.name.id": "Rapat pagi"})
    assert manager.office.rules.pause_reasons[-1].code == "rapat"
    assert manager.office.rules.pause_reasons[-1].name["id"] == "Rapat pagi"


def test_a_new_service_appears_with_its_documents(manager: Manager) -> None:
    page = manager.opens(f"/settings/services/{NEW}")
    assert "Layanan baru" in page
    path = f"services/{NEW}"
    answer = manager.saves(
        f"services/{NEW}",
        **{
            f"{path}/name.id": "Pelatihan singkat",
            f"{path}/prefix": "k",
            f"{path}/agency.id": "Dinas Tenaga Kerja",
            f"{path}/bring.0.name.id": "KTP asli",
            f"{path}/bring.0.key": "",
        },
    )
    assert answer.status_code == 303
    assert "/settings/services/pelatihan-singkat" in answer.location
    made = manager.office.service["pelatihan-singkat"]
    assert (made.prefix, made.minutes, made.bring[0].code) == ("K", 10, "ktp-asli")
    assert made.agency == {"id": "Dinas Tenaga Kerja", "en": "Labour office"}
    assert "Pelatihan singkat" in manager.opens("")  # nobody serves it yet


def test_services_are_put_in_order_and_taken_away(manager: Manager) -> None:
    manager.opens("/settings/services")
    services = [name for name in manager.sheet if name.startswith("services.")]
    last, *rest = reversed(services)
    order = {last: manager.sheet[last]} | {name: manager.sheet[name] for name in reversed(rest)}
    kept = {name: text for name, text in manager.sheet.items() if not name.startswith("services.")}
    manager.sheet = kept | order
    assert manager.saves("services").status_code == 303
    assert manager.office.services[0].id == "social-security"
    manager.opens("/settings/services")
    row = next(name for name, text in manager.sheet.items() if text == "bank")
    del manager.sheet[row]
    answer = manager.saves("services")
    assert answer.status_code == 422
    assert "Loket 9 hanya menerima layanan yang dihapus." in answer.get_data(as_text=True)
    assert "bank" in manager.office.service


def test_a_service_that_goes_leaves_the_counters_and_what_came_after_it(manager: Manager) -> None:
    manager.opens("/settings/counters")
    manager.saves("counters", **{"counters.1.services.labour": "on"})
    manager.opens("/settings/services")
    row = next(name for name, text in manager.sheet.items() if text == "civil-registry")
    del manager.sheet[row]
    assert manager.saves("services").status_code == 303
    assert manager.office.counter["2"].services == ("labour",)
    assert manager.office.service["immigration"].after == ("labour",)


def test_renaming_an_agency_renames_it_at_all_its_services_in_one_change(manager: Manager) -> None:
    manager.opens("/settings/services/labour")
    manager.saves(
        "services/labour", **{"services/labour/agency.id": "Kantor Imigrasi", "services/labour/agency.en": ""}
    )
    assert manager.office.service["labour"].agency == manager.office.service["immigration"].agency
    before = manager.known.version
    manager.opens("/settings/agencies")
    name = next(name for name, text in manager.sheet.items() if text == "Kantor Imigrasi")
    assert manager.saves("agencies", **{name: "Imigrasi Mataram"}).status_code == 303
    assert manager.known.version == before + 1
    at = [service.id for service in manager.office.services if service.agency["id"] == "Imigrasi Mataram"]
    assert at == ["labour", "immigration"]


def test_a_counter_is_added_with_its_services(manager: Manager) -> None:
    manager.opens("/settings/counters")
    manager.sheet |= {
        "counters.20.key": "",
        "counters.20.id": "11",
        "counters.20.name.id": "Loket 11",
        "counters.20.services.health": "on",
        "counters.20.services.bank": "on",
    }
    assert manager.saves("counters").status_code == 303
    assert manager.office.counter["11"].services == ("health", "bank")


def test_two_counters_of_one_number_are_refused_at_the_second(manager: Manager) -> None:
    manager.opens("/settings/counters")
    answer = manager.saves("counters", **{"counters.1.id": "1"})
    assert answer.status_code == 422
    assert 'id="counters.1-error"' in answer.get_data(as_text=True)


def test_the_usual_week_is_one_press_and_friday_has_its_prayer(manager: Manager) -> None:
    manager.opens("/settings/week")
    manager.sheet = inputs_of(manager.sends("week", do="usual").get_data(as_text=True))
    assert manager.sheet["week/fri.breaks.0.begins"] == "11.30"
    assert manager.saves("week").status_code == 303
    assert manager.office.week == usual_week()
    manager.opens("/settings/week")
    del manager.sheet["week/tue.open"]
    manager.saves("week", **{"week/mon.opens": "7.30"})
    assert manager.office.week["mon"].opens == "07:30"
    assert "tue" not in manager.office.week


def test_a_break_outside_the_hours_is_refused_at_its_day(manager: Manager) -> None:
    manager.opens("/settings/week")
    manager.sheet = inputs_of(manager.sends("week", do="usual").get_data(as_text=True))
    answer = manager.saves("week", **{"week/wed.breaks.0.begins": "6.00"})
    assert answer.status_code == 422
    assert 'id="week/wed-error"' in answer.get_data(as_text=True)


def test_the_days_off_of_a_year_are_proposed_and_taken_over(manager: Manager) -> None:
    page = manager.opens("/settings/days-off/2027")
    assert "Libur nasional 2027 belum diambil" in page
    del manager.sheet["days_off.2027-05-01"]
    manager.sheet |= {
        "own_days.0.key": "",
        "own_days.0.date": "2027-12-17",
        "own_days.0.name.id": "Ulang tahun provinsi",
    }
    manager.sheet |= {
        "special_days.0.key": "",
        "special_days.0.date": "2027-03-01",
        "special_days.0.name.id": "Puasa",
        "special_days.0.opens": "08.00",
        "special_days.0.closes": "14.00",
    }
    assert manager.saves("days-off/2027", why="SKB tiga menteri").status_code == 303
    found = manager.office
    assert "2027-05-01" not in found.day_off
    assert found.day_off["2027-08-17"].kind == "holiday"
    assert found.day_off["2027-12-17"].kind == "own"
    assert found.special_day["2027-03-01"].closes == "14:00"
    manager.opens("/settings/days-off/2027")
    assert "days_off.2027-05-01" not in manager.sheet
    own = next(name for name in manager.sheet if name.startswith("own_days.") and name.endswith(".date"))
    manager.sheet = {
        name: text for name, text in manager.sheet.items() if not name.startswith(own.removesuffix("date"))
    }
    manager.saves("days-off/2027")
    assert "2027-12-17" not in manager.office.day_off
    assert "2027-08-17" in manager.office.day_off


def test_a_day_of_another_year_is_refused(manager: Manager) -> None:
    manager.opens("/settings/days-off/2027")
    manager.sheet |= {"own_days.0.key": "", "own_days.0.date": "2028-12-17", "own_days.0.name.id": "Ulang tahun"}
    assert 'id="own_days.0.date-error"' in manager.saves("days-off/2027").get_data(as_text=True)


def test_the_words_of_consent_are_the_office_s_own_from_a_date_on_and_the_usual_ones_again(manager: Manager) -> None:
    page = manager.opens("/settings/consent")
    assert asked({}).words["id"] in page
    own = {"id": "Saya setuju disimpan.", "en": "I agree to be kept."}
    assert manager.saves("consent", **{f"consent.{lang}": words for lang, words in own.items()}).status_code == 303
    assert asked(manager.office.consent).words == own
    assert "Kalimat kantor sendiri" in manager.opens("/settings")
    manager.opens("/settings/consent")
    assert manager.saves("consent", **{"consent.id": ""}).status_code == 422, "Indonesian comes first"
    assert manager.saves("consent", **{"consent.id": "", "consent.en": ""}).status_code == 303
    assert asked(manager.office.consent) == asked({})


def test_roles_that_need_a_second_factor_are_ticked(manager: Manager) -> None:
    manager.opens("/settings/security")
    assert manager.saves("security", **{"second_factor.auditor": "on"}).status_code == 303
    assert manager.office.second_factor == ("auditor",)


def test_languages_that_the_form_does_not_offer_survive_it() -> None:
    office = example_office()
    field = service(office, "health")[0]
    sheet = Sheet(field.inputs(field.path, {"id": "Kesehatan", "min": "Kasihatan"}))
    assert field.read(sheet, field.path) == {"id": "Kesehatan", "min": "Kasihatan"}


def test_pages_that_are_not_there_are_not_found(manager: Manager) -> None:
    for path in ("/settings/nothing", "/settings/services/nothing", "/settings/rules/more", "/settings/days-off/1999"):
        assert manager.client.get(f"/manage/ltsa{path}").status_code == 404
    assert manager.client.get("/manage/ltsa/settings/days-off/99999999999").status_code == 404


# --- The record of changes


def test_all_changes_stand_on_one_page_the_planned_first(manager: Manager) -> None:
    manager.opens("/settings/rules")
    manager.saves("rules", why="percobaan", **{"rules/recall_limit": "5"})
    manager.opens("/settings/rules")
    manager.saves("rules", why="tahun baru", since="date", since_date="2031-01-01", **{"rules/recall_limit": "2"})
    page = manager.opens("/changes")
    assert page.index("tahun baru") < page.index("percobaan")
    assert "Batalkan rencana ini" in page
    assert manager.posts("/changes/3/withdraw", why="tidak jadi", key="k").status_code == 303
    assert manager.known.on("2031-01-01").rules.recall_limit == 5
    assert "tidak jadi" in manager.opens("/changes")


def test_what_was_true_on_any_date_can_be_seen_and_printed(manager: Manager) -> None:
    manager.opens("/settings/office")
    manager.saves("office", since="date", since_date="2031-01-01", **{"name.id": "LTSA Masa Depan"})
    assert "LTSA Masa Depan" not in manager.opens("/on").replace("Kelola", "")
    assert "LTSA Masa Depan" in manager.opens("/on", date="2031-06-01")
    assert "LTSA Masa Depan" not in manager.opens("/on", date="2031-06-01", known=1)
    assert manager.client.get("/manage/ltsa/on?date=kemarin").status_code == 422


def test_the_first_page_says_what_needs_attention(manager: Manager) -> None:
    page = manager.opens("")
    assert "Kantor ini belum punya jam buka." in page
    assert "Belum ada kiosk." in page
    assert "Belum ada petugas loket." in page
    assert f"Libur nasional {manager.known.today(manager.house.now()).year} belum diambil." in page
