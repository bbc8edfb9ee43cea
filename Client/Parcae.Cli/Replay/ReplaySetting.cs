using Parcae.Cli.Replay.Acting;
using Parcae.Grains;

namespace Parcae.Cli.Replay;

/// <summary>Everything that is settled before a replay touches the fleet.</summary>
/// <param name="Id">Of the replay.</param>
/// <param name="Options">What was asked for.</param>
/// <param name="Source">What is acted out.</param>
/// <param name="Fleet">The workers that it is acted out on.</param>
/// <param name="IntervalLength">The fleet's planning period.</param>
/// <param name="Fit">How the trace was made to fit them, for people.</param>
/// <param name="Replay">What it does to them.</param>
/// <param name="Job">The job that the report is about.</param>
internal sealed record ReplaySetting(
    string Id, ReplayOptions Options, ReplaySource Source, IReadOnlyList<InstanceRecord> Fleet, TimeSpan IntervalLength, string Fit, TraceReplay Replay, JobStatus Job);
