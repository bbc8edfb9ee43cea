using Parcae.Cli.Replay.Results;
using Parcae.Client.Tests.Fakes;
using Parcae.Grains;

namespace Parcae.Client.Tests.Replay;

public sealed class ReplaySpanTests
{
    [Fact]
    public void A_part_of_a_job_has_its_own_generations_intervals_steps_and_accounts()
    {
        var whole = new FakeRun().History with { SubmittedAt = FakeRun.Begin };
        var begin = FakeRun.Begin.AddSeconds(60);
        int generations = whole.Generations.Count(g => g.At <= begin), intervals = whole.Intervals.Count(i => i.Seconds <= 60);
        var before = whole with
        {
            Generations = whole.Generations[..generations],
            Intervals = whole.Intervals[..intervals],
            Steps = [],
            Ledger = new JobLedger { SamplesCommitted = 160, StepsReplayed = 1, SamplesLost = 4 },
            At = begin,
        };
        var after = whole with
        {
            Steps = whole.Steps[10..],
            Ledger = new JobLedger { SamplesCommitted = 480, StepsReplayed = 3, SamplesLost = 4, SamplesRepeated = 2, ReplayMismatches = 1, StepsSkipped = 5 },
            At = begin.AddSeconds(100),
        };

        var part = ReplaySpan.Between(before, after, 10);

        Assert.Equal(begin, part.SubmittedAt);
        Assert.Equal(whole.Generations.Length - generations + 1, part.Generations.Length);
        var first = part.Generations[0];
        Assert.Equal((whole.Generations[generations - 1].Number, MigrationKind.Start, 10, begin, "in force when the replay began"), (first.Number, first.Kind, first.AtStep, first.At, first.Cause));
        Assert.Equal((0, 0, 0L), (first.PauseMilliseconds, first.PrepareMilliseconds, first.BytesMoved));
        Assert.Equal(whole.Generations[generations], part.Generations[1]);
        Assert.Equal(whole.Intervals[intervals].Seconds - 60, part.Intervals[0].Seconds);
        Assert.Equal(10, part.Steps[0].Step);
        Assert.Equal(
            new JobLedger { SamplesCommitted = 320, StepsReplayed = 2, SamplesLost = 0, SamplesRepeated = 2, ReplayMismatches = 1, StepsSkipped = 5 }, part.Ledger);
    }

    [Fact]
    public void The_first_step_is_the_one_after_those_that_were_committed_at_the_look()
    {
        var history = new FakeRun().History;
        Assert.Equal(7, ReplaySpan.FirstStep(history with { Steps = [] }, 7));
        Assert.Equal(9, ReplaySpan.FirstStep(history with { Steps = history.Steps[7..9] }, 7));
    }
}
