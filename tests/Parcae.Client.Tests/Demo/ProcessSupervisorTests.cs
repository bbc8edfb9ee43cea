using System.Diagnostics;

using Parcae.Cli.Demo.Processes;

namespace Parcae.Client.Tests.Demo;

public sealed class ProcessSupervisorTests : IDisposable
{

    private readonly string _folder = Directory.CreateTempSubdirectory("parcae-test-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task Disposing_ends_every_child()
    {
        int[] ids;
        await using (var processes = new ProcessSupervisor())
        {
            ids = [.. Enumerable.Range(1, 3).Select(i => Start(processes, $"c{i}", "exec sleep 600").ProcessId)];
            Assert.All(ids, id => Assert.False(Process.GetProcessById(id).HasExited));
        }

        Assert.All(ids, id => Assert.Throws<ArgumentException>(() => Process.GetProcessById(id)));
    }

    [Fact]
    public async Task Workers_are_stopped_before_the_store_and_those_that_will_not_are_killed()
    {
        await using var processes = new ProcessSupervisor();
        var store = Start(processes, "store", "echo READY store; exec sleep 600", StopOrder.Store);
        var worker = Start(processes, "w", "trap '' TERM; echo READY w; while true; do sleep 0.05; done");
        await Task.WhenAll(store.Ready, worker.Ready).WaitAsync(Patience.Long, TestContext.Current.CancellationToken);
        // At the end of the store. Two continuations of their own could run in any order.
        var workerWasGone = store.Exited.ContinueWith(_ => worker.Exited.IsCompleted, TaskScheduler.Default);
        await processes.StopAsync(TimeSpan.FromMilliseconds(200)).WaitAsync(Patience.Long, TestContext.Current.CancellationToken);
        Assert.True(await workerWasGone);
        Assert.Empty(processes.Alive);
    }

    [Fact]
    public async Task Nothing_can_be_started_once_all_are_being_stopped()
    {
        await using var processes = new ProcessSupervisor();
        await processes.StopAsync(TimeSpan.Zero);
        Assert.Throws<OperationCanceledException>(() => Start(processes, "late", "true"));
    }

    [Fact]
    public async Task Readiness_is_the_line_with_the_child_s_own_id_and_all_output_is_in_its_log()
    {
        await using var processes = new ProcessSupervisor();
        var child = Start(processes, "i-0001", "echo READY i-0002; echo trouble >&2; echo READY i-0001; read line");
        await child.Ready.WaitAsync(Patience.Long, TestContext.Current.CancellationToken);
        child.Kill();
        await child.Exited.WaitAsync(Patience.Long, TestContext.Current.CancellationToken);
        Assert.True(child.EndedByUs);
        Assert.Equal(["READY i-0001", "READY i-0002", "trouble"], (await ReadAsync(child.LogFile)).Order());
    }

    [Fact]
    public async Task A_child_that_ends_before_it_is_ready_says_so_with_the_end_of_its_log()
    {
        await using var processes = new ProcessSupervisor();
        var child = Start(processes, "i-0001", "echo no memory; exit 3");
        var failure = await Assert.ThrowsAsync<ChildExitedException>(() => child.Ready.WaitAsync(Patience.Long, TestContext.Current.CancellationToken));
        Assert.Equal(3, failure.ExitCode);
        Assert.Contains("'i-0001' ended with exit code 3", failure.Message);
        Assert.Contains("no memory", failure.Message);
        Assert.False(child.EndedByUs);
    }

    [Fact]
    public async Task A_grandchild_that_holds_the_pipes_does_not_hold_up_the_end()
    {
        await using var processes = new ProcessSupervisor();
        string pid = Path.Combine(_folder, "grandchild");
        var child = Start(processes, "i-0001", $"sleep 600 & echo $! >'{pid}'; echo READY i-0001; wait");
        await child.Ready.WaitAsync(Patience.Long, TestContext.Current.CancellationToken);
        using var grandchild = Process.GetProcessById(int.Parse(await File.ReadAllTextAsync(pid, TestContext.Current.CancellationToken)));
        child.Kill();
        await child.Exited.WaitAsync(Patience.Long, TestContext.Current.CancellationToken);
        Assert.False(grandchild.HasExited);
        grandchild.Kill();
    }

    private ChildProcess Start(ProcessSupervisor processes, string id, string script, StopOrder order = StopOrder.Workers) =>
        processes.Start(id, new ProcessStartInfo("/bin/sh", ["-c", script]), Path.Combine(_folder, id + ".log"), order);

    private static async Task<string[]> ReadAsync(string file)
    {
        await using var stream = new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
        using var reader = new StreamReader(stream);
        return (await reader.ReadToEndAsync()).Split('\n', StringSplitOptions.RemoveEmptyEntries);
    }
}
