"""What an enrolment costs beyond its key operations does not grow: instructions, which do not depend on how busy the machine is."""
import pytest

from tests.bench.scep_core import MOST_INSTRUCTIONS, instructions_of_one

SLACK = 1.03


def test_an_enrolment_takes_few_instructions_beyond_its_key_operations(make_host, build_dir):
    if build_dir.name != "dev":
        pytest.skip("counted where no sanitizer and no failpoint is")
    whole, floor = instructions_of_one(build_dir, make_host().directory)
    assert 0 < whole - floor <= MOST_INSTRUCTIONS * SLACK, f"{whole:,.0f} of one, {floor:,.0f} of its key operations"
