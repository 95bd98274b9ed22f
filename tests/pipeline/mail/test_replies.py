"""The rules by which answers are understood, one by one."""

from __future__ import annotations

from datetime import date

import pytest

from tests.pipeline.mail.writing import HEAD, letter, meant
from tocsin.pipeline.mail.replies import ANSWERS, understand


@pytest.mark.parametrize(
    "text",
    [
        "We have not patched yet.", "It hasn't been fixed.", "It is not fixed.", "This was never cleaned.",
        "None of the servers has been patched.", "No machine was reinstalled.", "Nobody has cleaned it.",
        "We could not clean it.", "We have yet to patch.", "It has still to be cleaned.", "Not done.", "undone",
        "Neither server was patched.", "The server has hardly been patched? No.", "Far from fixed.",
        "Nous n'avons rien corrigé.", "Ce n'est pas corrigé.", "Aucun serveur n'a été patché.", "Jamais corrigé.",
        "Le serveur n'a toujours pas été nettoyé.", "C'est loin d'être réglé.", "Pas encore.", "Ce n'est pas fait.",
        "On n'a pas eu le temps de corriger.", "Personne n'a nettoyé le poste.", "c pas fait", "J'ai pas corrigé.",
        "On a pas patché.",
    ],
)  # fmt: skip
def test_a_negation_is_no_answer(text: str) -> None:
    assert meant(text).kind in {"unclear", "question"}


@pytest.mark.parametrize(
    "text",
    [
        "I think it is fixed.", "It should be fixed.", "It may have been patched.", "Probably patched.",
        "It seems to be resolved.", "As far as I know it was fixed.", "Supposedly done.", "Almost done.",
        "Partly fixed.", "It is fixed for some users.", "Mostly resolved.", "We hope it is resolved.",
        "It was fixed, but it came back.", "Fixed, except on host B.", "Fixed until the next reboot.",
        "The provider says it is fixed.", "I was told that it has been patched.", "According to IT it was patched.",
        "If it was ours, it has been patched.", "Once rebooted it is fixed.", "It would be fixed by now.",
        "We have been trying to get it fixed.", "It needs to be patched.", "Please have it patched.",
        "Somebody must have fixed it.", "it's fixed lol", "Fixed :)", "Fixed...", "Sure, fixed.", "~fixed~ kind of",
        "Je pense que c'est corrigé.", "Ça devrait être corrigé.", "C'est sans doute corrigé.", "Presque fini.",
        "C'est en partie corrigé.", "A priori c'est réglé.", "En principe c'est fait.", "Il paraît que c'est réglé.",
        "C'est corrigé, mais c'est revenu.", "Corrigé, sauf le serveur B.", "L'hébergeur dit que c'est corrigé.",
        "Si c'était à nous, c'est corrigé.", "Espérons que c'est réglé.", "Il faut corriger le serveur.",
        "Le serveur doit être corrigé.", "On m'a assuré que c'était corrigé.", "Quasiment fait.", "C'est réglé mdr",
    ],
)  # fmt: skip
def test_hedging_hearsay_and_jokes_are_no_answer(text: str) -> None:
    assert meant(text).kind in {"unclear", "question"}


@pytest.mark.parametrize(
    "text",
    [
        "It is not ours. It has been fixed.", "We are looking into it. It is not ours.",
        "It was patched. We will patch it on Monday.", "We will not do anything. It was fixed.",
        "We are not affected. We cannot patch this system.", "Done. We are still investigating.",
        "Ce n'est pas à nous. C'est corrigé.", "C'est corrigé. Nous le corrigerons lundi.",
        "Nous ne ferons rien. C'est réglé.", "Nous regardons. Ce n'est pas notre adresse.",
    ],
)  # fmt: skip
def test_contradictions_are_left_to_a_person(text: str) -> None:
    assert meant(text).kind == "unclear"


@pytest.mark.parametrize(
    "text",
    [
        "We might not be affected.", "I do not know if this is ours.", "It is not only ours.",
        "It's not true that it is not ours.", "We are not sure that we are not affected.", "Is this not ours?",
        "You say it is not ours.", "Maybe a false positive.", "This is not a false positive.",
        "Je ne sais pas si c'est à nous.", "Ce n'est pas un faux positif.", "Peut-être un faux positif.",
        "Ce n'est pas seulement chez nous.", "Nous ne savons pas si nous sommes concernés.",
    ],
)  # fmt: skip
def test_not_knowing_is_not_denying(text: str) -> None:
    assert meant(text).kind in {"unclear", "question"}


@pytest.mark.parametrize(
    "text",
    [
        "Received. Which address do you mean?", "Done. Could you check?", "Noted, please send the logs.",
        "This is not ours, is it?", "Bien reçu. De quelle adresse parlez-vous ?",
        "C'est fait. Pouvez-vous vérifier ?", "Bien noté, merci de nous transmettre les journaux.",
    ],
)  # fmt: skip
def test_a_question_wins_over_an_answer(text: str) -> None:
    assert meant(text).kind == "question"


@pytest.mark.parametrize(
    "text",
    ["", "\n\n", "-- \nKarl", "Hello", "Bonjour,", "Thanks", "Merci", "ok", "FYI @Bob", "Pour info", "👍", "+1",
     "x" * 5000, "You wrote \"done\".", "Vous écrivez « fait ».", "Unsubscribe",
     "Please take me off this list, done with it.",
     "Acknowledged, not applicable, done", "The work is described in the ticket."],
)  # fmt: skip
def test_what_says_nothing_is_unclear(text: str) -> None:
    assert meant(text).kind == "unclear"


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("We will patch on 20 November 2026.", date(2026, 11, 20)),
        ("We will patch it by tomorrow.", date(2026, 11, 13)),
        ("It will be fixed within three days.", date(2026, 11, 15)),
        ("It will be patched next week.", date(2026, 11, 20)),
        ("We will patch both on Monday and Tuesday.", date(2026, 11, 17)),
        ("We will patch it.", None),
        ("Ce sera corrigé après-demain.", date(2026, 11, 14)),
        ("Nous le corrigerons avant vendredi.", date(2026, 11, 13)),
        ("Le poste sera réinstallé le 05/01.", date(2027, 1, 5)),
    ],
)
def test_a_plan_names_its_day(text: str, day: date | None) -> None:
    found = meant(text)
    assert (found.kind, found.planned_for) == ("planned", day)


@pytest.mark.parametrize(
    "text",
    ["We will patch on 10 November 2026.", "It will be patched if the board agrees.", "It will probably be patched.",
     "We would patch it on Monday.", "We will patch nothing.", "Nobody will patch it.",
     "We cannot patch before Friday.", "We will block your mails.", "We will close this ticket on Friday.",
     "I will be replaced by Anna on Monday.", "The audit is planned for Monday.", "L'audit est prévu lundi.",
     "Nous bloquerons vos messages.", "Nous fermerons le ticket vendredi.", "We will remove your address.",
     "Nous le corrigerions lundi.", "Ce sera corrigé si possible.", "Nous ne corrigerons pas avant lundi."],
)  # fmt: skip
def test_a_plan_in_doubt_or_in_the_past_is_none(text: str) -> None:
    assert meant(text).kind in {"unclear", "question"}


@pytest.mark.parametrize(
    "text",
    [
        "The firewall has been disabled.", "We disabled the antivirus.", "The patch has been removed.",
        "The password was reset by the attacker.", "All files were deleted.", "Our domain has been blocked.",
        "The network was shut down.", "The server has been closed for years.", "We removed the password.",
        "The server is patched every month.", "Everything is up to date.", "It is done deal.",
        "We closed the service desk for the day.", "The problem is solved by ignoring it.",
        "The machine has been removed to another building.", "The ticket was closed.", "We patched the test server.",
        "Le pare-feu a été désactivé.", "Nous avons désactivé l'antivirus.", "Le correctif a été supprimé.",
        "Les fichiers ont été supprimés.", "Mon poste a été supprimé.", "Le service a été fermé.",
        "Notre site est fermé.", "C'est traité comme un faux positif.", "C'est bloqué.", "Le ticket est fermé.",
        "Le serveur est mis à jour chaque mois.", "Nous avons changé le service.",
        "It's not our fault.", "This is not our first incident.", "We do not have any system administrator.",
        "Our servers are not vulnerable to everything.", "I do not run the server alone.", "Ce n'est pas notre faute.",
        "Nous n'avons pas d'administrateur.", "Thanks for nothing.", "Received your invoice.", "Noted with disbelief.",
        "Bien reçu votre facture.", "Je regarde la télé.", "C'est pris en compte dans le budget.",
        "We are concerned by this.", "The IP is ours.", "C'est notre adresse.",
    ],
)  # fmt: skip
def test_what_only_sounds_like_an_answer_is_none(text: str) -> None:
    assert meant(text).kind in {"unclear", "question"}


def test_a_plan_without_a_date_of_the_letter_names_no_day() -> None:
    mail = letter("We will patch it tomorrow.", "X: y\n")
    undated = type(mail)(**{name: getattr(mail, name) for name in mail.__slots__} | {"date": None})
    assert understand(undated).planned_for is None
    assert understand(undated).kind == "planned"


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("The laptop was reinstalled. The user was on mission last week.", "done"),
        ("The laptop was reinstalled. No other host was found.", "done"),
        ("Done, thank you.", "done"),
        ("The server is patched. We consider the incident as closed.", "done"),
        ("Le poste a été réinstallé. L'utilisatrice travaille au service du personnel.", "done"),
        ("Le poste est réinstallé, aucune autre machine n'est concernée.", "done"),
        ("Thanks for the alert. It is a laptop of the finance unit.", "acknowledged"),
        ("Thanks, we will look at it when the user is back.", "acknowledged"),
        ("Merci, nous regardons. Il s'agit d'un serveur du service comptable.", "acknowledged"),
        ("The IP is not ours. We do not know the owner.", "not_applicable"),
        ("We will not patch it because the vendor does not support it.", "refused"),
        ("Nous ne le corrigerons pas car il n'est pas compatible.", "refused"),
    ],
)  # fmt: skip
def test_what_changes_nothing_may_stand_beside_an_answer(text: str, kind: str) -> None:
    assert meant(text).kind == kind


@pytest.mark.parametrize(
    "text",
    [
        "It is isolated and will be reinstalled on Monday.",
        "The PC was disconnected. It will be replaced on Monday.",
        "We need to test it first. It will be patched on Monday when the tests are over.",
        "The passwords were changed, the laptop will be reimaged on Monday 16 November.",
        "Le poste est isolé, il sera réinstallé lundi.",
        "La migration est en cours et sera terminée lundi.",
        "On réinstalle le poste lundi.",
    ],
)  # fmt: skip
def test_a_day_carries_a_plan_and_what_was_done_until_then(text: str) -> None:
    found = meant(text)
    assert (found.kind, found.planned_for) == ("planned", date(2026, 11, 16))


@pytest.mark.parametrize(
    "text",
    [
        "Your request has been registered and assigned to the network team.",
        "Votre demande a été enregistrée sous le numéro 7717.",
        "The server will be back on Monday.",
        "Thank you for contacting us.",
    ],
)  # fmt: skip
def test_what_might_be_a_person_is_not_dropped_as_a_machine(text: str) -> None:
    assert meant(text).kind in {"unclear", "acknowledged"}


@pytest.mark.parametrize(
    "headers",
    ["Auto-Submitted: auto-replied\n", "Precedence: bulk\n", "X-Autoreply: yes\n", "List-Id: <a.b>\n",
     "Return-Path: <>\n", "X-Auto-Response-Suppress: All\n", "Auto-Submitted: garbage\n"],
)  # fmt: skip
@pytest.mark.parametrize("text", ["Done.", "Received, we are looking into it.", "Ce n'est pas à nous.", "Why?"])
def test_a_machine_never_answers(headers: str, text: str) -> None:
    found = meant(text, headers)
    assert found.kind == "automatic"
    assert found.evidence.lower() in headers.lower()


def test_a_person_may_say_that_no_machine_wrote() -> None:
    assert meant("Done.", "Auto-Submitted: no\n").kind == "done"


def test_reasons_are_the_writers_words() -> None:
    found = meant("This is a false positive, our own scanner.\n\nRegards\nAnna")
    assert (found.kind, found.reason) == ("not_applicable", "This is a false positive, our own scanner.")


def test_the_subject_alone_is_no_answer() -> None:
    mail = letter("", "Subject: DONE, patched\n")
    assert "Subject: Re" in HEAD
    assert understand(mail).kind not in ANSWERS


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("I'll reinstall it on Friday 13 November upon my return.", "planned"),
        ("Je m'en charge vendredi 13 dès mon retour au bureau.", "planned"),
        ("I am on leave until Friday and will reinstall the laptop on Monday 16 November.", "unclear"),
        ("I will be back on Monday and will deal with your request then.", "out_of_office"),
        ("Je serai de retour lundi.", "out_of_office"),
    ],
)
def test_a_plan_is_no_absence(text: str, kind: str) -> None:
    assert meant(text).kind == kind


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ('The account "admin" was disabled.', "done"),
        ('The laptop was "cleaned".', "unclear"),
        ("Le partage « public » a été fermé.", "done"),
        ("Le poste a été « nettoyé ».", "unclear"),
    ],
)
def test_a_name_may_stand_in_quotes(text: str, kind: str) -> None:
    assert meant(text).kind == kind
