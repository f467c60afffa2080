from normax.cli.runs.clock import Clock


def test_phases_that_come_twice_add_up_in_the_list_that_was_handed_on():
    clock = Clock()
    handed_on = clock.seconds
    with clock.time("loading"):
        clock.add({"reading": 1.0})
    with clock.time("loading"):
        pass
    assert [phase for phase, _ in handed_on] == ["reading", "loading"]
    assert all(spent >= 0 for _, spent in handed_on)
    clock.add({"reading": 0.5, "writing": 2.0})
    assert dict(handed_on)["reading"] == 1.5
    assert handed_on[-1] == ("writing", 2.0)
