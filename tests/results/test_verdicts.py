"""Every way a shown result can be wrong is told apart, and none passes for genuine."""

from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from backoffice.db import Sessions
from backoffice.errors import NotFound
from backoffice.results.credential import Issuer, qr_text
from backoffice.results.models import Result, Revocation
from backoffice.results.services import (
    AlreadyRevoked,
    NothingToIssue,
    issue,
    result_of,
    results_of,
    revoke,
    token_of,
)
from backoffice.results.signing import SigningKeys
from backoffice.results.verdicts import Outcome, Verdict, status_token, verify
from catalogue.schema import ServiceItem
from tests.results.conftest import ID_NO, NAME, NOW, approve
from verifier import Altered, OtherKey, check_token, encode_text, new_code, read_status, read_text
from verifier.codes import ALPHABET


async def issued(sessions: Sessions, item: ServiceItem, issuer: Issuer) -> Result:
    application_id = await approve(sessions)
    async with sessions.begin() as session:
        return await issue(
            session, application_id=application_id, item=item, issuer=issuer, now=NOW
        )


async def check(
    sessions: Sessions,
    issuer: Issuer,
    *,
    code: str | None = None,
    credential: str | None = None,
    later: timedelta = timedelta(days=1),
) -> Verdict:
    async with sessions.begin() as session:
        return await verify(
            session, code=code, credential=credential, issuer=issuer, now=NOW + later
        )


async def test_result_is_genuine_by_code_by_token_and_by_whole_address(
    sessions: Sessions, item: ServiceItem, issuer: Issuer
) -> None:
    result = await issued(sessions, item, issuer)
    address = qr_text(issuer.public_url, result.code, token_of(result))
    by_code = await check(sessions, issuer, code=result.code.lower())
    by_token = await check(sessions, issuer, credential=result.credential)
    by_address = await check(sessions, issuer, credential=address)
    assert [v.outcome for v in (by_code, by_token, by_address)] == [Outcome.GENUINE] * 3
    assert [v.signature_checked for v in (by_code, by_token, by_address)] == [False, True, True]
    assert by_code.facts is not None
    assert (by_code.facts.holder, by_code.facts.id_tail) == ("李*", ID_NO[-4:])
    assert NAME not in repr(by_code) and ID_NO not in repr(by_code)


async def test_issuing_again_returns_the_first_result(
    sessions: Sessions, item: ServiceItem, issuer: Issuer
) -> None:
    first = await issued(sessions, item, issuer)
    async with sessions.begin() as session:
        again = await issue(
            session,
            application_id=first.application_id,
            item=item,
            issuer=issuer,
            now=NOW + timedelta(hours=1),
        )
    assert (again.id, again.code, again.credential) == (first.id, first.code, first.credential)


async def test_an_unapproved_application_yields_no_result(
    sessions: Sessions, item: ServiceItem, issuer: Issuer
) -> None:
    async with sessions.begin() as session:
        with pytest.raises(NothingToIssue):
            await issue(session, application_id="nobody", item=item, issuer=issuer, now=NOW)


async def test_each_byte_changed_is_altered(
    sessions: Sessions, item: ServiceItem, issuer: Issuer
) -> None:
    result = await issued(sessions, item, issuer)
    token = token_of(result)
    async with sessions.begin() as session:
        for place in range(len(token)):
            changed = bytearray(token)
            changed[place] ^= 1 << (place % 8)
            verdict = await verify(
                session,
                code=result.code,
                credential=encode_text(bytes(changed)),
                issuer=issuer,
                now=NOW,
            )
            assert verdict.outcome == Outcome.ALTERED, place
            assert verdict.facts is None


async def test_each_character_changed_is_altered(
    sessions: Sessions, item: ServiceItem, issuer: Issuer
) -> None:
    result = await issued(sessions, item, issuer)
    text = result.credential
    for place in [0, 1, 7, len(text) // 2, len(text) - 2, len(text) - 1]:
        for other in "A7":
            if text[place] == other:
                continue
            changed = text[:place] + other + text[place + 1 :]
            verdict = await check(sessions, issuer, code=result.code, credential=changed)
            assert verdict.outcome == Outcome.ALTERED, (place, other)


async def test_good_token_under_another_code_is_altered(
    sessions: Sessions, item: ServiceItem, issuer: Issuer
) -> None:
    mine, theirs = await issued(sessions, item, issuer), await issued(sessions, item, issuer)
    verdict = await check(sessions, issuer, code=theirs.code, credential=mine.credential)
    assert (verdict.outcome, verdict.facts) == (Outcome.ALTERED, None)
    address = qr_text(issuer.public_url, theirs.code, token_of(mine))
    assert (await check(sessions, issuer, credential=address)).outcome == Outcome.ALTERED


async def test_result_expires_after_its_last_day_in_china(
    sessions: Sessions, item: ServiceItem, issuer: Issuer
) -> None:
    result = await issued(sessions, item, issuer)
    assert result.expires_at is not None
    left = result.expires_at - NOW
    before = await check(
        sessions, issuer, credential=result.credential, later=left - timedelta(seconds=1)
    )
    after = await check(sessions, issuer, credential=result.credential, later=left)
    assert (before.outcome, after.outcome) == (Outcome.GENUINE, Outcome.EXPIRED)


async def test_revoked_result_says_since_when_and_why(
    sessions: Sessions, item: ServiceItem, issuer: Issuer
) -> None:
    result = await issued(sessions, item, issuer)
    other = await issued(sessions, item, issuer)
    moment = NOW + timedelta(hours=5)
    async with sessions.begin() as session:
        await revoke(
            session,
            result_id=result.id,
            reason=Revocation.FALSE_PAPERS,
            actor="staff:1",
            now=moment,
        )
    for shown in ({"code": result.code}, {"credential": result.credential}):
        verdict = await check(sessions, issuer, **shown)
        assert verdict.outcome == Outcome.REVOKED
        assert verdict.facts is not None
        assert verdict.facts.revoked_at == moment
        assert verdict.facts.revoked_reason == Revocation.FALSE_PAPERS
    async with sessions.begin() as session:
        with pytest.raises(AlreadyRevoked):
            await revoke(
                session,
                result_id=result.id,
                reason=Revocation.HOLDER_REQUEST,
                actor="staff:2",
                now=moment,
            )
        listed = read_status(
            await status_token(session, issuer=issuer, now=moment), issuer.key_set()
        )
    assert listed.as_of == moment
    assert listed.revoked(result.status_index) is True
    assert listed.revoked(other.status_index) is False
    assert listed.revoked(10_000) is None


async def test_unknown_and_mistyped_codes_are_told_apart(
    sessions: Sessions, item: ServiceItem, issuer: Issuer
) -> None:
    result = await issued(sessions, item, issuer)
    assert (await check(sessions, issuer, code=new_code())).outcome == Outcome.UNKNOWN
    for place in range(len(result.code)):
        slip = ALPHABET[(ALPHABET.index(result.code[place]) + 1) % 32]
        typed = result.code[:place] + slip + result.code[place + 1 :]
        assert (await check(sessions, issuer, code=typed)).outcome == Outcome.MISTYPED
    for nonsense in ("", "   ", "你好", "https://elsewhere.example/#", "#", "/"):
        assert (await check(sessions, issuer, code=nonsense)).outcome == Outcome.MISTYPED
    # long enough for a token, but none: somebody damaged it
    assert (await check(sessions, issuer, code="x" * 2000)).outcome == Outcome.ALTERED


async def test_token_of_another_key_is_told_apart(
    sessions: Sessions, item: ServiceItem, issuer: Issuer
) -> None:
    result = await issued(sessions, item, issuer)
    claims, _key = check_token(token_of(result), issuer.key_set())
    for test, expected in ((True, Outcome.TEST_KEY), (False, Outcome.OTHER_KEY)):
        stranger = Issuer(issuer.public_url, "别处", SigningKeys.generate(test=test, now=NOW))
        theirs = type(claims)(**{**claims.__dict__, "code": new_code()})
        foreign = encode_text(stranger.sign_result(theirs))
        assert (await check(sessions, issuer, credential=foreign)).outcome == expected
        # the same forger with a code of ours
        forged = encode_text(stranger.sign_result(claims))
        assert (await check(sessions, issuer, credential=forged)).outcome == Outcome.ALTERED


async def test_signed_token_without_a_record_is_unknown(
    sessions: Sessions, item: ServiceItem, issuer: Issuer
) -> None:
    result = await issued(sessions, item, issuer)
    claims, _key = check_token(token_of(result), issuer.key_set())
    lost = type(claims)(**{**claims.__dict__, "code": new_code()})
    verdict = await check(sessions, issuer, credential=encode_text(issuer.sign_result(lost)))
    assert (verdict.outcome, verdict.signature_checked) == (Outcome.UNKNOWN, True)


async def test_result_signed_before_a_key_change_stays_genuine(
    sessions: Sessions, item: ServiceItem, issuer: Issuer
) -> None:
    result = await issued(sessions, item, issuer)
    renewed = Issuer(issuer.public_url, issuer.hall, issuer.keys.rotate(now=NOW))
    verdict = await check(sessions, renewed, credential=result.credential)
    assert verdict.outcome == Outcome.GENUINE


async def test_somebody_elses_result_looks_like_none(
    sessions: Sessions, item: ServiceItem, issuer: Issuer
) -> None:
    result = await issued(sessions, item, issuer)
    async with sessions.begin() as session:
        assert (
            await result_of(session, id=result.id, citizen_id="citizen-1", now=NOW)
        ).id == result.id
        assert [r.id for r in await results_of(session, citizen_id="citizen-1", now=NOW)] == [
            result.id
        ]
        assert await results_of(session, citizen_id="citizen-2", now=NOW) == []
        for id, citizen in ((result.id, "citizen-2"), ("no-such-result", "citizen-2")):
            with pytest.raises(NotFound):
                await result_of(session, id=id, citizen_id=citizen, now=NOW)


def test_private_key_shows_in_no_representation(issuer: Issuer) -> None:
    assert "PRIVATE" not in repr(issuer)


def test_status_list_does_not_pass_for_a_result(issuer: Issuer) -> None:
    with pytest.raises(Altered):
        check_token(issuer.sign_status([], 1, NOW), issuer.key_set())


@settings(max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(noise=st.binary(max_size=400))
def test_arbitrary_bytes_are_refused_without_a_crash(issuer: Issuer, noise: bytes) -> None:
    with pytest.raises((Altered, OtherKey)):
        check_token(noise, issuer.key_set())


@settings(max_examples=300)
@given(text=st.text(max_size=300) | st.text(alphabet="http:/[]#%?@AZ7\x00", max_size=80))
def test_arbitrary_text_is_taken_apart_without_a_crash(text: str) -> None:
    shown = read_text(text)
    assert shown.token is None or encode_text(shown.token)


async def test_nonsense_gets_an_answer_in_both_places(sessions: Sessions, issuer: Issuer) -> None:
    for nonsense in ("//[#", "http://[x#A", "\x00", "#\x00", "%", "#%zz", "٣" * 20, "A" * 2000):
        for shown in ({"code": nonsense}, {"credential": nonsense}):
            verdict = await check(sessions, issuer, **shown)
            assert verdict.outcome in {Outcome.MISTYPED, Outcome.ALTERED, Outcome.UNKNOWN}
            assert verdict.facts is None
