import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.x509.oid import NameOID

from lgsp.clock import VIETNAM, VirtualClock
from lgsp.standards.signatures import TrustStore, organization_of
from lgsp_mocks.kit.authority import SUBJECT, Authority

pytestmark = pytest.mark.unit

AT = datetime(2026, 6, 1, tzinfo=VIETNAM)
H34 = "000.00.00.H34"


def opened(folder: Path | None = None, at: datetime = AT) -> Authority:
    return Authority.open(folder, VirtualClock(at))


def test_the_root_says_plainly_that_it_is_worth_nothing():
    names = opened().root.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
    assert [name.value for name in names] == [SUBJECT] == ["LGSP DEMO CA - KHONG CO GIA TRI PHAP LY"]


def test_an_agencys_certificate_carries_its_organization_id_and_name():
    made = opened().key_for(H34, "Ủy ban nhân dân tỉnh")
    assert organization_of(made.certificate) == H34
    assert (
        made.certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)[0].value
        == "Ủy ban nhân dân tỉnh"
    )
    assert made.private_key.key_size == 2048


def test_an_agency_gets_the_same_key_each_time_and_another_agency_another():
    authority = opened()
    first = authority.key_for(H34, "A")
    assert authority.key_for(H34, "A") is first
    assert authority.key_for(H34, "B").certificate != first.certificate
    assert authority.key_for("000.00.00.H35", "A").certificate != first.certificate


def test_a_folder_keeps_the_authority_and_what_it_issued(tmp_path: Path):
    first, second = opened(tmp_path), opened(tmp_path)
    made = first.key_for(H34, "A")
    assert second.root == first.root
    assert second.key_for(H34, "A").to_pem() == made.to_pem()


def test_keys_are_for_their_owner_only_and_nothing_is_left_lying_about(tmp_path: Path):
    opened(tmp_path).key_for("../../x/y", "A")
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert sorted(path.name for path in files if path.parent == tmp_path) == ["root.key", "root.pem"]
    assert len(files) == 3
    assert {path.stat().st_mode & 0o777 for path in files} == {0o600}


def test_who_trusts_the_folder_trusts_the_root_and_not_the_agencies_as_roots(tmp_path: Path):
    authority = opened(tmp_path)
    made = authority.key_for(H34, "A")
    store = TrustStore.from_folder(tmp_path)
    assert store.roots == (authority.root,)
    assert store.check([made.certificate, *made.chain], AT) == ""


def test_certificates_last_for_virtual_clocks_too():
    authority = opened()
    made = authority.key_for(H34, "A")
    for days in (-1820, 1820):
        assert authority.trust.check([made.certificate], AT + timedelta(days=days)) == ""
    root = authority.root
    assert (root.not_valid_after_utc - root.not_valid_before_utc).days == 30 * 365


@pytest.mark.parametrize("kept", [True, False])
async def test_a_key_that_the_clock_has_left_behind_is_issued_anew(tmp_path: Path, kept: bool):
    clock = VirtualClock(AT)
    authority = Authority.open(tmp_path if kept else None, clock)
    old = authority.key_for(H34, "A")
    await clock.advance(6 * 365 * 86_400)
    new = authority.key_for(H34, "A")
    assert authority.trust.check([old.certificate], clock.now()) != ""
    assert authority.trust.check([new.certificate], clock.now()) == ""
    assert authority.key_for(H34, "A") is new
    if kept:
        assert Authority.open(tmp_path, clock).key_for(H34, "A").to_pem() == new.to_pem()


def test_keys_of_an_authority_that_was_removed_are_issued_anew(tmp_path: Path):
    old = opened(tmp_path).key_for(H34, "A")
    (tmp_path / "root.key").unlink()
    (tmp_path / "root.pem").unlink()
    authority = opened(tmp_path)
    new = authority.key_for(H34, "A")
    assert new.certificate != old.certificate
    assert authority.trust.check([new.certificate], AT) == ""


def test_half_an_authority_is_completed(tmp_path: Path):
    first = opened(tmp_path)
    (tmp_path / "root.pem").unlink()
    second = opened(tmp_path)
    assert second.root.public_key() == first.root.public_key()
    assert x509.load_pem_x509_certificate((tmp_path / "root.pem").read_bytes()) == second.root


def test_files_of_two_authorities_are_refused(tmp_path: Path):
    opened(tmp_path / "a")
    opened(tmp_path / "b")
    (tmp_path / "a" / "root.pem").write_bytes((tmp_path / "b" / "root.pem").read_bytes())
    with pytest.raises(ValueError, match="remove both"):
        opened(tmp_path / "a")


def test_processes_that_start_together_have_one_authority_and_one_key(tmp_path: Path):
    code = (
        "import sys, hashlib\nfrom pathlib import Path\nfrom datetime import datetime\n"
        "from lgsp.clock import VIETNAM, VirtualClock\nfrom lgsp_mocks.kit.authority import Authority\n"
        "made = Authority.open(Path(sys.argv[1]), VirtualClock(datetime(2026, 6, 1, tzinfo=VIETNAM))).key_for('H34', 'A')\n"
        "print(hashlib.sha256(made.to_pem()).hexdigest())"
    )
    started = [
        subprocess.Popen([sys.executable, "-c", code, str(tmp_path)], stdout=subprocess.PIPE, text=True) for _ in range(3)
    ]  # fmt: skip
    printed = {process.communicate()[0] for process in started}
    assert [process.returncode for process in started] == [0] * 3
    assert len(printed) == 1
    assert len(list(tmp_path.rglob("*.pem"))) == 2


def test_threads_that_ask_together_get_one_key():
    authority = opened()
    with ThreadPoolExecutor(8) as threads:
        made = set(threads.map(lambda _: authority.key_for(H34, "A").certificate, range(16)))
    assert len(made) == 1


@pytest.mark.parametrize(("organization", "name"), [("", "A"), (H34, " ")])
def test_a_key_for_nobody_is_refused(organization, name):
    with pytest.raises(ValueError, match="needs an organization id and a name"):
        opened().key_for(organization, name)


def test_a_name_longer_than_a_certificate_may_carry_is_cut_and_still_has_a_key_of_its_own():
    authority = opened()
    one, two = (authority.key_for(H34, "x" * 64 + end) for end in "ab")
    assert one.certificate.subject == two.certificate.subject
    assert one.certificate != two.certificate
