using Parcae.Cli.Commands;
using Parcae.Cli.Demo;
using Parcae.Grains;

namespace Parcae.Client.Tests.Demo;

public sealed class DemoStateTests : IDisposable
{
    private readonly string _root = Directory.CreateTempSubdirectory("parcae-state-").FullName;

    public void Dispose() => Directory.Delete(_root, recursive: true);

    [Fact]
    public void What_a_demo_knows_of_itself_is_read_as_it_was_written()
    {
        var options = new DemoOptions { Interval = TimeSpan.FromSeconds(2.5), Data = ["relative"], Model = new ModelSpec { Blocks = 3 }, Steps = 7, Seed = 9, Folder = _root };
        var file = DemoStateFile.Fresh(DemoFolder.Create(_root), options);
        var at = new DateTimeOffset(2026, 1, 2, 3, 4, 5, TimeSpan.Zero);
        file.Change(s => s with { SubmittedAt = at, Intervals = 4, Noticed = 2, WallSeconds = 1.5 });

        var read = DemoStateFile.Load(_root).State;

        Assert.StartsWith("demo-", read.JobId, StringComparison.Ordinal);
        Assert.Equal((file.State.JobId, at, 4, 2, 1.5, 0), (read.JobId, read.SubmittedAt, read.Intervals, read.Noticed, read.WallSeconds, read.Unannounced));
        Assert.Equal([Path.GetFullPath("relative")], read.Options.Data);
        var goingOn = new DemoOptions { Resume = _root, Json = true, Report = "other.html", Verify = true }.GoingOnWith(read.Options);
        Assert.Equivalent(
            options with { Data = goingOn.Data, Resume = _root, Json = true, Report = "other.html", Verify = true },
            goingOn,
            strict: true);
    }

    [Fact]
    public void A_folder_that_holds_no_demo_to_go_on_with_is_refused()
    {
        Assert.Contains("holds no demo that was stopped", Refused(), StringComparison.Ordinal);

        var file = DemoStateFile.Fresh(DemoFolder.Create(_root), new DemoOptions());
        file.Change(s => s with { Ended = true });
        Assert.Contains("has run to its end", Refused(), StringComparison.Ordinal);

        file.Change(s => s with { Ended = false, Form = 2 });
        Assert.Contains("has form 2; this version of parcae reads form 1", Refused(), StringComparison.Ordinal);

        File.WriteAllText(DemoFolder.StateFile(_root), "{");
        Assert.Contains("cannot be read", Refused(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_a_demo_trains_cannot_be_changed_as_it_goes_on()
    {
        var run = await CommandRun.RunAsync(["demo", "--resume", _root, "--interval", "3", "--blocks", "4"]);

        Assert.Equal(ParcaeCommand.WrongUsage, run.Code);
        Assert.Contains("--interval: not with --resume", run.Error, StringComparison.Ordinal);
        Assert.Contains("--blocks: not with --resume", run.Error, StringComparison.Ordinal);
    }

    private string Refused() => Assert.Throws<CommandFailedException>(() => DemoStateFile.Load(_root)).Message;
}
