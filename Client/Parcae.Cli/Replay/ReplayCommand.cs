using System.CommandLine;

using Parcae.Cli.Commands;
using Parcae.Cli.Replay.Fleet;
using Parcae.Cli.Traces;
using Parcae.Grains;

namespace Parcae.Cli.Replay;

/// <summary><c>parcae replay</c>: its options and their values.</summary>
internal static class ReplayCommand
{
    private static readonly ReplayOptions Default = new();

    /// <summary>The verb.</summary>
    public static Command Create(CommandContext context)
    {
        var service = new ServiceOptions(context);
        var window = new TraceWindow();
        var trace = new Option<string?>("--trace") { Description = $"The trace to act out: {TraceSource.Help}. Default: the plan file's.", HelpName = TraceSource.HelpName };
        var plan = new Option<string?>("--plan") { Description = "A plan file (parcae simulate --plan-out): the job follows its strategies. Default: the job plans live.", HelpName = "FILE" };
        var policy = new Option<string?>("--policy") { Description = "Which of the plan file's policies. Default: its only one.", HelpName = "NAME" };
        var fit = new Option<string>("--fit")
        {
            Description = "Where the trace has more instances than the fleet: scale (all counts, by the same factor) or clamp (cut off what is above).",
            HelpName = "HOW",
            DefaultValueFactory = _ => "scale",
        };
        var minute = Values.Seconds("--interval", "What a minute of the trace takes. Default: 60, real time.", TimeSpan.FromMilliseconds(500), TimeSpan.FromHours(1));
        var grace = Values.Seconds("--grace", "From a notice to the loss. Default: one interval of the trace.", TimeSpan.FromMilliseconds(100), TimeSpan.FromHours(1));
        var unannounced = Values.Double("--unannounced",
            "Share of the losses that come without notice. Above 0 at least two do, where the trace has that many, so that a short replay shows both paths.", Default.Unannounced, 0, 1);
        var seed = Values.Int("--seed", "Fixes every draw: which instances are lost, which without notice and when.", Default.Seed, 0, int.MaxValue);
        var fleet = new Option<string>("--fleet") { Description = "The fleet.", HelpName = "NAME", DefaultValueFactory = _ => ParcaeNames.DefaultFleet };
        var job = new Option<string?>("--job") { Description = "The job that the report is about. Default: the only one that has not ended.", HelpName = "ID" };
        var report = new Option<string>("--report") { Description = "Where the HTML report goes.", HelpName = "FILE", DefaultValueFactory = _ => Default.Report };
        var command = service.AddTo(new Verb(
            "replay", "Acts out a spot trace on the workers of a running service.",
            "The service runs on on-demand instances, which the trace makes preemptible. Workers that the trace takes away get a notice and vanish at its end, or vanish at once, as if killed; they come back when the trace has more instances again. Their silos must have been started with --allow-replay true. "
            + "The trace's first interval says how many instances there are: the others vanish, with notice, before the time begins. At the end, or at Ctrl-C, everybody is called back. Should the command itself be killed, each worker comes back by itself when its time is over.\n"
            + "The report is the demo's, over the time of the replay. The exit code is 1 when a sample was lost or repeated, a step was different when run again, a worker did not come back, or the replay was interrupted.",
            "parcae replay --trace HADP --seed 7", "parcae replay --trace aws-p3 --from 480 --to 540 --interval 10 --json", "parcae replay --plan plan.json --policy liveput")
        {
            trace, plan, policy, fit, minute, grace, unannounced, seed, fleet, job, report,
        });
        window.AddTo(command);
        command.SetAction(async (parsed, cancellation) =>
        {
            var (from, to) = window.Minutes(parsed);
            var options = new ReplayOptions
            {
                Trace = parsed.GetValue(trace),
                From = from,
                To = to,
                Plan = parsed.GetValue(plan),
                Policy = parsed.GetValue(policy),
                Fit = Fitting(parsed.GetValue(fit)!),
                Minute = parsed.GetValue(minute) ?? Default.Minute,
                Grace = parsed.GetValue(grace),
                Unannounced = parsed.GetValue(unannounced),
                Seed = parsed.GetValue(seed),
                Fleet = parsed.GetValue(fleet)!,
                Job = parsed.GetValue(job),
                Report = parsed.GetValue(report)!,
                Json = parsed.GetValue(service.Json),
            };
            var source = ReplaySource.Load(options);
            await using var client = await service.ConnectAsync(parsed, cancellation, retryFor: TimeSpan.FromMinutes(2)).ConfigureAwait(false);
            await using var store = await ReplayStore.ConnectAsync(service.Redis(parsed), service.ServiceId(parsed)).ConfigureAwait(false);
            return await new ReplayRunner(options, source, client, store, context).RunAsync(cancellation).ConfigureAwait(false);
        });
        return command;
    }

    private static FleetFitting Fitting(string typed) => typed switch
    {
        "scale" => FleetFitting.Scale,
        "clamp" => FleetFitting.Clamp,
        _ => throw new UsageException($"--fit: '{typed}' is not valid; it must be scale or clamp."),
    };
}
