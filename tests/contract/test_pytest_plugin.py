"""The pytest plugin in somebody else's suite: what it adds to it, and what it leaves alone."""

import sys

import pytest

pytest_plugins = ["pytester"]
pytestmark = pytest.mark.contract

TALK = """
    import httpx

    def test_talk(lgsp_axis, lgsp_conversation):
        httpx.post(lgsp_axis.url + "/v1/auth/login", json={"username": "%s"}, headers={"X-Request-Id": "%s"}, trust_env=False)
        lgsp_conversation.matches_snapshot()
"""
ONE, OTHER = "6ba7b810-9dad-11d1-80b4-00c04fd430c8", "6ba7b811-9dad-11d1-80b4-00c04fd430c8"


@pytest.fixture
def suite(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> pytest.Pytester:
    monkeypatch.delenv("PYTEST_ADDOPTS", raising=False)
    pytester.makeini("[pytest]\naddopts = -p no:cacheprovider -p no:asyncio\nfilterwarnings = error")
    return pytester


def run(suite: pytest.Pytester, *arguments: str) -> pytest.RunResult:
    """With our plugin alone, in this process, which has imported what it needs."""
    alone = ("--disable-plugin-autoload", "-p", "lgsp.pytest_plugin")
    return suite.runpytest_inprocess(*alone, *arguments)


def run_apart(suite: pytest.Pytester, *arguments: str) -> pytest.RunResult:
    """The same in a process of its own: what it imports anew is not to be imported twice into this one."""
    return suite.runpytest_subprocess("--disable-plugin-autoload", "-p", "lgsp.pytest_plugin", *arguments)


def run_as_installed(suite: pytest.Pytester, *arguments: str) -> pytest.RunResult:
    """With every plugin that pytest finds."""
    return suite.runpytest_subprocess(*arguments)


def test_a_failed_test_shows_what_each_part_saw(suite: pytest.Pytester) -> None:
    suite.makepyfile("""
        import httpx

        def test_it(lgsp_bus, lgsp_axis):
            httpx.get(lgsp_axis.url + "/nowhere", trust_env=False)
            assert False
    """)
    result = run(suite)
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        ["*LGSP bus*", "*no message*", "*LGSP axis*", "*GET /nowhere -> 404 (nobody)*"]
    )


def test_pytest_rewrites_the_assertions_of_the_suite_and_leaves_ours_as_they_are_compiled(
    suite: pytest.Pytester,
) -> None:
    suite.makepyfile("""
        import sys

        def test_it(lgsp_bus, lgsp_axis):
            def loader(name):
                return type(sys.modules[name].__spec__.loader).__name__

            assert loader(__name__) == "AssertionRewritingHook"
            ours = [name for name in sys.modules if name.startswith(("lgsp.", "lgsp_adapters.", "lgsp_mocks."))]
            assert {"lgsp.bootstrap", "lgsp_adapters.axis", "lgsp_mocks.axis"} < set(ours)
            rewritten = {name for name in ours if loader(name) != "SourceFileLoader"}
            assert rewritten == {"lgsp.pytest_plugin", "lgsp.importing"}
    """)
    run_as_installed(suite).assert_outcomes(passed=1)


def test_a_passed_test_shows_nothing_and_a_test_without_the_fixtures_imports_nothing(
    suite: pytest.Pytester,
) -> None:
    suite.makepyfile("""
        import sys

        def test_it():
            heavy = {"httpx", "fastapi", "pydantic", "uvicorn", "lxml", "sqlalchemy", "lgsp.testing", "lgsp.settings"}
            assert heavy.isdisjoint(sys.modules)
    """)
    result = run_as_installed(suite, "-p", "no:schemathesis", "-p", "no:hypothesispytest", "-p", "no:respx")
    result.assert_outcomes(passed=1)
    result.stdout.no_fnmatch_line("*LGSP*")


def test_one_world_lasts_as_long_as_the_ini_says(suite: pytest.Pytester) -> None:
    suite.makepyfile("""
        import pytest
        URLS = set()

        @pytest.fixture(scope="module")
        def connector(lgsp_axis):
            return lgsp_axis.url

        @pytest.mark.parametrize("number", range(3))
        def test_it(connector, lgsp_axis, number):
            assert connector == lgsp_axis.url
            URLS.add(connector)

        def test_other(lgsp_axis, lgsp_igate, lgsp_clock):
            assert URLS == {lgsp_axis.url} != {lgsp_igate.url}
    """)
    run(suite, "-o", "lgsp_scope=module").assert_outcomes(passed=4)
    result = run(suite, "-o", "lgsp_scope=year")
    assert result.ret != 0
    result.stdout.fnmatch_lines(["*lgsp_scope = year: one of function, *"])


def test_a_conversation_is_compared_with_a_file_that_a_flag_writes(suite: pytest.Pytester) -> None:
    suite.makepyfile(test_it=TALK % ("a", ONE))
    first = run(suite)
    first.assert_outcomes(failed=1)
    first.stdout.fnmatch_lines(["*no snapshot*--lgsp-update-snapshots*"])
    run(suite, "--lgsp-update-snapshots").assert_outcomes(passed=1)
    run(suite).assert_outcomes(passed=1)
    suite.makepyfile(test_it=TALK % ("a", OTHER))
    run(suite).assert_outcomes(passed=1)
    suite.makepyfile(test_it=TALK % ("b", ONE))
    changed = run(suite)
    changed.assert_outcomes(failed=1)
    changed.stdout.fnmatch_lines(['*-*"username": "a"*', '*+*"username": "b"*'])
    stored = (suite.path / "snapshots" / "test_it" / "test_talk.json").read_text(encoding="utf-8")
    assert '"x-request-id": "<id 1>"' in stored


def test_tests_side_by_side_don_t_meet(suite: pytest.Pytester) -> None:
    pytest.importorskip("xdist", reason="pytest-xdist is not installed")
    suite.makepyfile("""
        import pytest

        @pytest.mark.parametrize("number", range(4))
        def test_it(lgsp_igate, number):
            before = len(lgsp_igate.state("dossiers"))
            lgsp_igate.act("receive-at-counter", procedure="1.000001.000.00.00.H34", documents=[])
            assert len(lgsp_igate.state("dossiers")) == before + 1
    """)
    run_apart(suite, "-p", "xdist.plugin", "-n", "2").assert_outcomes(passed=4)


def test_the_plugin_is_cheap_to_load(suite: pytest.Pytester) -> None:
    program = "import sys, lgsp.pytest_plugin; print(sorted(m for m in sys.modules if m.startswith('lgsp')))"
    result = suite.run(sys.executable, "-c", program)
    result.stdout.fnmatch_lines(["['lgsp', 'lgsp.importing', 'lgsp.pytest_plugin']"])


FEATURE = """# language: vi
Tính năng: A
  Kịch bản: Văn bản tới bộ
    Khi iOffice phát hành văn bản "V/v thử" của 000.00.00.H34 gửi 000.00.00.G22
    Thì 000.00.00.G22 nhận được văn bản
  Kịch bản: Không hiểu
    Khi iOffice phát hành công văn
"""


def test_feature_files_are_tests_where_the_ini_names_them_and_nowhere_else(suite: pytest.Pytester) -> None:
    (suite.mkdir("features") / "a.feature").write_text(FEATURE, encoding="utf-8")
    assert run(suite).ret == pytest.ExitCode.NO_TESTS_COLLECTED
    result = run_apart(suite, "-o", "lgsp_features=features/*.feature", "-v")
    result.assert_outcomes(passed=1, failed=1)
    result.stdout.fnmatch_lines([
        "*a.feature::Văn bản tới bộ PASSED*", "*no such step; nearest: iOffice phát hành văn bản*", "*LGSP axis*",
    ])  # fmt: skip


def test_a_file_that_is_none_is_a_collection_error_with_its_line(suite: pytest.Pytester) -> None:
    (suite.path / "a.feature").write_text("nonsense", encoding="utf-8")
    result = run(suite, "-o", "lgsp_features=*.feature")
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["*a.feature:1: expected:*"])
