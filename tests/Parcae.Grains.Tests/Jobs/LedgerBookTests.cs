using Parcae.Grains.Jobs;
using Parcae.Grains.Jobs.Ledger;
using Parcae.Grains.Jobs.Reconfiguring;
using Parcae.Grains.Tests.Support;

namespace Parcae.Grains.Tests.Jobs;

public sealed class LedgerBookTests
{
    private readonly LedgerCounters _counters = new();
    private readonly LedgerBook _book;

    public LedgerBookTests() => _book = new LedgerBook(8, _counters);

    [Fact]
    public void Each_step_counts_once_however_often_it_is_reported()
    {
        Assert.True(_book.Commit(FakeWorld.Result(0)));
        Assert.False(_book.Commit(FakeWorld.Result(0) with { Seconds = 9 }));
        Assert.True(_book.Commit(FakeWorld.Result(1)));
        Assert.Equal((2, 2), (_book.Committed, _book.FirstMissing));
        Assert.Equal(new JobLedger { SamplesCommitted = 16 }, _book.Accounts());
    }

    [Fact]
    public void A_step_that_nobody_reports_is_lost_and_wanted()
    {
        _book.Commit(FakeWorld.Result(0));
        _book.Commit(FakeWorld.Result(2));
        Assert.Equal((3, 1), (_book.Committed, _book.FirstMissing));
        Assert.Equal(8, _book.Accounts().SamplesLost);
        _book.Commit(FakeWorld.Result(1));
        Assert.Equal(new JobLedger { SamplesCommitted = 24 }, _book.Accounts());
    }

    [Fact]
    public void Missing_and_surplus_samples_of_a_step_show()
    {
        _book.Commit(FakeWorld.Result(0) with { Samples = 6 });
        _book.Commit(FakeWorld.Result(1) with { Samples = 11 });
        Assert.Equal((2L, 3L), (_book.Accounts().SamplesLost, _book.Accounts().SamplesRepeated));
    }

    [Fact]
    public void Two_steps_with_the_same_samples_show()
    {
        _book.Commit(FakeWorld.Result(0));
        _book.Commit(FakeWorld.Result(1) with { DataChecksum = FakeWorld.Result(0).DataChecksum });
        Assert.Equal(8, _book.Accounts().SamplesRepeated);
    }

    [Fact]
    public void Reports_of_one_step_that_contradict_each_other_show()
    {
        _book.Commit(FakeWorld.Result(0));
        Assert.False(_book.Commit(FakeWorld.Result(0) with { Loss = 1 }));
        Assert.Equal(8, _book.Accounts().SamplesRepeated);
    }

    [Fact]
    public void Falling_back_sets_results_aside_and_compares_them_bit_for_bit()
    {
        for (int step = 0; step < 5; step++) _book.Commit(FakeWorld.Result(step));
        Assert.Equal(3, _book.FallBack(2));
        Assert.Equal((2, 2, 16L), (_book.Committed, _book.FirstMissing, _book.Accounts().SamplesCommitted));
        Assert.Equal(2, _book.Steps(0).Length);

        _book.Commit(FakeWorld.Result(2));
        Assert.Equal(0, _book.Accounts().ReplayMismatches);
        _book.Commit(FakeWorld.Result(3) with { Loss = Math.BitIncrement(FakeWorld.Result(3).Loss) });
        Assert.Equal((1, 3), (_book.Accounts().ReplayMismatches, _book.Accounts().StepsReplayed));
    }

    [Fact]
    public void What_was_lost_for_good_when_a_generation_began_is_not_asked_for_again()
    {
        _book.FallBack(3);
        _book.Commit(FakeWorld.Result(3));
        Assert.Equal((4, 4), (_book.Committed, _book.FirstMissing));
        Assert.Equal(24, _book.Accounts().SamplesLost);
    }

    [Fact]
    public void Losses_that_are_not_numbers_compare_too()
    {
        _book.Commit(FakeWorld.Result(0) with { Loss = double.NaN });
        _book.FallBack(0);
        _book.Commit(FakeWorld.Result(0) with { Loss = double.NaN });
        Assert.Equal(0, _book.Accounts().ReplayMismatches);
    }

    [Fact]
    public void A_validation_loss_that_is_known_to_some_is_kept_and_compared_where_both_know_it()
    {
        var with = FakeWorld.Result(0) with { ValidationLoss = 2 };
        Assert.True(_book.Commit(FakeWorld.Result(0)));
        Assert.Null(_book.ValidationLoss);
        Assert.True(_book.Commit(with));
        Assert.False(_book.Commit(FakeWorld.Result(0)));
        Assert.Equal((2.0, 2.0), (_book.ValidationLoss, _book.Steps(0)[0].ValidationLoss));
        Assert.Equal(0, _book.Accounts().SamplesRepeated);

        // Run again by somebody who does not know it: nothing is forgotten.
        _book.FallBack(0);
        Assert.Null(_book.ValidationLoss);
        _book.Commit(FakeWorld.Result(0));
        Assert.Equal((2.0, 0), (_book.ValidationLoss, _book.Accounts().ReplayMismatches));
        _book.FallBack(0);
        _book.Commit(with with { ValidationLoss = Math.BitIncrement(2.0) });
        Assert.Equal(1, _book.Accounts().ReplayMismatches);
    }

    [Fact]
    public void Steps_without_a_finite_gradient_are_counted()
    {
        for (int step = 0; step < 4; step++) _book.Commit(FakeWorld.Result(step) with { GradientNorm = step % 2 == 0 ? double.PositiveInfinity : 1 });
        Assert.Equal((2, 32L), (_book.Accounts().StepsSkipped, _book.Accounts().SamplesCommitted));
        _book.FallBack(2);
        Assert.Equal(1, _book.Accounts().StepsSkipped);
    }

    [Fact]
    public void A_cause_names_what_happened_to_members_before_anything_else()
    {
        var now = DateTimeOffset.UnixEpoch;
        Cause[] causes =
        [
            new("i-7 joined", "i-7", null, now, true), new("i-4 does not answer", "i-4", null, now, false),
            new("i-4 lost without notice", "i-4", null, now, false), new("i-9 lost without notice", "i-9", null, now, false),
        ];
        Assert.Equal("i-4 lost without notice", Causes.Describe(causes, id => id == "i-4", "interval"));
        Assert.Equal("i-7 joined", Causes.Describe(causes, _ => false, "interval"));
        Assert.Equal("interval", Causes.Describe([], _ => true, "interval"));
    }

    [Fact]
    public void Throughput_counts_the_last_seconds_and_begins_anew_after_a_fall_back()
    {
        var meter = new ThroughputMeter();
        var now = DateTimeOffset.UnixEpoch;
        Assert.Equal(0, meter.SamplesPerSecond(now));
        for (int i = 0; i <= 4; i++) meter.Add(now.AddSeconds(i), i * 8);
        Assert.Equal(8, meter.SamplesPerSecond(now.AddSeconds(4)));
        meter.Add(now.AddSeconds(5), 8);
        Assert.Equal(0, meter.SamplesPerSecond(now.AddSeconds(5)));
        Assert.Equal(0, meter.SamplesPerSecond(now.AddSeconds(60)));
    }
}
