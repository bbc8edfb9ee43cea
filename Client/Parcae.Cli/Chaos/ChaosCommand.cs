using System.CommandLine;

using Parcae.Cli.Commands;
using Parcae.Client;
using Parcae.Grains;

namespace Parcae.Cli.Chaos;

/// <summary><c>parcae chaos</c>: seeded faults against a job of a running service.</summary>
internal static class ChaosCommand
{
    private static readonly ChaosSetting Default = new();

    /// <summary>The verb.</summary>
    public static Command Create(CommandContext context)
    {
        var service = new ServiceOptions(context);
        var job = new Option<string>("--job") { Description = "The job's id.", HelpName = "ID", Required = true };
        var seed = Values.Int("--seed", "Fixes every draw: the points, the kinds, and who is struck among those who are there.", 1, 0, int.MaxValue);
        var faults = Values.Int("--faults", "How many.", Default.Faults, 1, 100_000);
        var interval = Values.Seconds("--interval", $"From the job's recovery to the next fault. Default: {Default.Interval.TotalSeconds}.", TimeSpan.Zero, TimeSpan.FromHours(1));
        var patience = Values.Seconds("--patience", $"How long a fault may wait for its point to be passed. Default: {Default.Patience.TotalSeconds}.",
            TimeSpan.FromMilliseconds(100), TimeSpan.FromHours(1));
        var points = new Option<string?>("--points") { Description = $"Only at these points: {string.Join(", ", FaultNames.Points.Select(FaultNames.Of))}.", HelpName = "A,B" };
        var kinds = new Option<string?>("--kinds") { Description = $"Only of these kinds: {string.Join(", ", FaultNames.Kinds.Select(FaultNames.Of))}.", HelpName = "A,B" };
        var command = service.AddTo(new Verb(
            "chaos", "Orders faults on a running job, to see that nothing is lost.",
            "The silos must have been started with --faults true; short --heartbeat and --stall-timeout make hangs short. Each fault waits until the job has recovered from the one before. "
            + "Transfers and switches come with a change of plan: a fault there that meets none in time is told as not reached. "
            + "Who was killed or hung is gone, and nobody starts another: the run stops when the job pauses. kill is not drawn for vault-apply, as the vault shares its process with the control silo; a vault that hangs is left out until that silo is started again.\n"
            + "The exit code is 1 when a sample was lost or repeated, a step was different when run again, or the run stopped early.",
            "parcae chaos --job 3f2a --seed 7 --faults 30", "parcae chaos --job 3f2a --points mid-switch,vault-apply --kinds hang --json")
        {
            job, seed, faults, interval, patience, points, kinds,
        });
        command.SetAction(async (parsed, cancellation) =>
        {
            int drawn = parsed.GetValue(seed);
            var draws = new FaultDraws(
                drawn, FaultNames.Parse("--points", parsed.GetValue(points), FaultNames.Points), FaultNames.Parse("--kinds", parsed.GetValue(kinds), FaultNames.Kinds));
            var setting = new ChaosSetting
            {
                Faults = parsed.GetValue(faults),
                Interval = parsed.GetValue(interval) ?? Default.Interval,
                Patience = parsed.GetValue(patience) ?? Default.Patience,
            };
            await using var client = await service.ConnectAsync(parsed, cancellation).ConfigureAwait(false);
            return await RunAsync(client, parsed.GetValue(job)!, drawn, draws, setting, context, parsed.GetValue(service.Json), TimeProvider.System, cancellation).ConfigureAwait(false);
        });
        return command;
    }

    /// <summary>Orders the faults and tells what came of them.</summary>
    /// <returns>The exit code.</returns>
    internal static async Task<int> RunAsync(
        IParcaeClient client, string jobId, int seed, FaultDraws draws, ChaosSetting setting, CommandContext context, bool json, TimeProvider time, CancellationToken cancellation)
    {
        var lines = json ? context.Error : context.Output;
        var run = new ChaosRun(client, jobId, draws, setting, new Teller(lines, setting.Faults), time);
        await run.RunAsync(cancellation).ConfigureAwait(false);
        var report = ChaosReport.Of(jobId, seed, run, await client.GetStatusAsync(jobId, cancellation).ConfigureAwait(false));
        if (json) JsonOutput.Write(context.Output, report);
        else ChaosTables.Write(context.CreateConsole(), report);
        var broken = report.Ledger.Broken();
        foreach (string fault in broken) await context.Error.WriteLineAsync($"parcae: FAILED: {fault}").ConfigureAwait(false);
        if (run.Stopped is { } why)
            await context.Error.WriteLineAsync($"parcae: stopped after {run.Faults.Count} of {setting.Faults} faults: {why}.").ConfigureAwait(false);
        return broken.Count == 0 && run.Stopped is null ? ParcaeCommand.Ok : ParcaeCommand.Failed;
    }

    private sealed class Teller(TextWriter output, int faults) : IChaosListener
    {
        public void Ordering(int number, string instance, FaultOrder order) =>
            output.WriteLine($"fault {number} of {faults}: {FaultNames.Of(order.Kind)} at {FaultNames.Of(order.Point)} on {instance}");

        public void Over(FaultRecord fault) => output.WriteLine($"fault {fault.Number} of {faults}: {ChaosTables.Outcome(fault)}");
    }
}
