using System.Globalization;
using Parcae.Liveput.Profiles;

namespace Parcae.Liveput.Planning.Limits;

/// <summary>Decides when a job with a deadline leaves spot instances for on-demand ones and when it comes back: Uniform Progress ("Can't Be Late", NSDI '24), decided once an interval.</summary>
/// <remarks>
/// <list type="bullet">
/// <item>Done: nothing is rented any more.</item>
/// <item>Safety net: spot instances are used only if, should they bring nothing for the whole interval, on-demand instances could still finish in time, the switch paid.</item>
/// <item>Uniform progress: a job behind its share of the elapsed time that spot instances are expected to bring farther behind goes to on-demand instances; one that catches up on them takes the risk, which the safety net bounds.</item>
/// <item>Hysteresis: it comes back once spot instances are expected to leave it ahead by twice the time of a switch.</item>
/// </list>
/// So the deadline is met, whatever spot instances do, whenever on-demand instances alone could meet it at the time of a decision and every decision is followed. The number of
/// on-demand instances is the one that finishes the rest in time for the least money. Assumes that on-demand instances can be had, take the given time to
/// switch to (start included) and then have the given throughput.
/// </remarks>
public sealed class DeadlineGuard
{
    /// <summary>Time for a switch to on-demand instances or between numbers of them, where none is given, seconds.</summary>
    public const double DefaultSwitchSeconds = 180;

    private const double Rounding = 1e-9;

    private readonly OnDemandOption[] _options;
    private readonly InstancePrices _prices;
    private readonly double _switchSeconds;

    /// <summary>A guard.</summary>
    /// <param name="options">What on-demand instances can do; at least one entry.</param>
    /// <param name="switchSeconds">From the decision until on-demand instances train; also what a change of their number takes.</param>
    /// <param name="prices">What instances cost; null for those of a p3.2xlarge.</param>
    /// <exception cref="ArgumentException">There is no option, one is impossible or listed twice, or a number is out of range.</exception>
    public DeadlineGuard(IReadOnlyList<OnDemandOption> options, double switchSeconds = DefaultSwitchSeconds, InstancePrices? prices = null)
    {
        ArgumentNullException.ThrowIfNull(options);
        if (options.Count == 0) throw new ArgumentException("A deadline needs at least one number of on-demand instances that can run the job.", nameof(options));
        foreach (var option in options)
        {
            if (option.Instances < 1 || !(option.SamplesPerSecond > 0) || !double.IsFinite(option.SamplesPerSecond))
            {
                throw new ArgumentException($"{option} is not valid; it must have at least 1 instance and a throughput above 0.", nameof(options));
            }
        }

        if (options.DistinctBy(o => o.Instances).Count() != options.Count) throw new ArgumentException("A number of on-demand instances is listed twice; each must be listed once.", nameof(options));
        if (!(switchSeconds >= 0) || !double.IsFinite(switchSeconds)) throw new ArgumentOutOfRangeException(nameof(switchSeconds), switchSeconds, "A switch must take at least 0 seconds.");
        (_options, _switchSeconds, _prices) = ([.. options.OrderBy(o => o.Instances)], switchSeconds, prices ?? InstancePrices.P32XLarge);
        PriceCheck.Spot(_prices);
        PriceCheck.OnDemand(_prices);
    }

    /// <summary>What to run on in the interval that begins now.</summary>
    /// <exception cref="ArgumentOutOfRangeException">A value of the state is out of range.</exception>
    public DeadlineDecision Decide(DeadlineState state)
    {
        ArgumentNullException.ThrowIfNull(state);
        state.Validate();
        double work = state.JobSamples - state.DoneSamples, window = state.SecondsElapsed + Math.Max(0, state.SecondsLeft);
        double pace = window > 0 ? state.JobSamples / window : double.PositiveInfinity;
        double ahead = work <= 0 ? Math.Max(0, state.SecondsLeft) : (state.DoneSamples / pace) - state.SecondsElapsed;
        double soonestFromSpot = _switchSeconds + (Math.Max(0, work) / _options.Max(o => o.SamplesPerSecond)), slack = state.SecondsLeft - soonestFromSpot;
        if (work <= 0) return Decision(DeadlineChoice.Done, 0, "all samples are done");
        if (Cheapest(state, work) is not { } onDemand)
        {
            var soonest = _options.MinBy(o => Needed(o, state, work));
            bool spotFaster = state.ExpectedSpotSamples / state.IntervalSeconds > soonest.SamplesPerSecond;
            return Decision(
                DeadlineChoice.Impossible, spotFaster ? 0 : soonest.Instances,
                $"{Samples(work)} samples take {Time(Needed(soonest, state, work))} on {soonest.Instances} on-demand instances, {Time(state.SecondsLeft)} is left");
        }

        // With spot instances in the coming interval: where the job is expected to be at its end, in time of uniform progress.
        double interval = Math.Min(state.IntervalSeconds, state.SecondsLeft);
        double aheadAfter = ahead + (state.ExpectedSpotSamples / pace) - interval;
        if (state.SecondsLeft - interval < soonestFromSpot)
        {
            return Decision(DeadlineChoice.OnDemand, onDemand.Instances, $"only {Time(Math.Max(0, slack))} of slack, less than the interval of {Time(interval)} that spot instances might waste");
        }

        if (state.OnDemandInstances > 0)
        {
            return aheadAfter >= 2 * _switchSeconds
                ? Decision(DeadlineChoice.Spot, 0, $"{Time(aheadAfter)} ahead of uniform progress after an interval on spot instances, enough to come back")
                : Decision(DeadlineChoice.OnDemand, onDemand.Instances, $"spot instances would leave the job {Relative(aheadAfter)}; it comes back at {Time(2 * _switchSeconds)} ahead");
        }

        return ahead < 0 && aheadAfter < ahead
            ? Decision(DeadlineChoice.OnDemand, onDemand.Instances, $"{Relative(ahead)}, and spot instances would leave it {Relative(aheadAfter)}")
            : Decision(DeadlineChoice.Spot, 0, $"{Relative(ahead)}, {Time(slack)} of slack");

        DeadlineDecision Decision(DeadlineChoice choice, int instances, string reason) => new(
            choice, instances, work <= 0 ? 0 : state.SecondsLeft > 0 ? work / state.SecondsLeft : double.PositiveInfinity, slack, ahead,
            choice == DeadlineChoice.Done ? 0 : instances > 0 ? instances * _prices.OnDemandPerHour : state.SpotInstances * _prices.SpotPerHour, reason);
    }

    /// <summary>Of the options that finish in time by themselves, the one of the least cost; null when none does.</summary>
    private OnDemandOption? Cheapest(DeadlineState state, double work)
    {
        OnDemandOption? best = null;
        foreach (var option in _options)
        {
            double needed = Needed(option, state, work);
            if (needed > state.SecondsLeft + (Rounding * Math.Abs(state.SecondsLeft))) continue;
            if (best is not { } other || needed * option.Instances < Needed(other, state, work) * other.Instances) best = option;
        }

        return best;
    }

    private double Needed(OnDemandOption option, DeadlineState state, double work) =>
        (option.Instances == state.OnDemandInstances ? state.SwitchSecondsLeft : _switchSeconds) + (work / option.SamplesPerSecond);

    private static string Relative(double seconds) => seconds < 0 ? $"{Time(-seconds)} behind uniform progress" : $"{Time(seconds)} ahead of uniform progress";

    private static string Samples(double samples) => samples.ToString("#,0", CultureInfo.InvariantCulture);

    private static string Time(double seconds) => seconds switch
    {
        < 120 => seconds.ToString("0.#", CultureInfo.InvariantCulture) + " s",
        < 7200 => (seconds / 60).ToString("0.#", CultureInfo.InvariantCulture) + " min",
        _ => (seconds / 3600).ToString("0.0", CultureInfo.InvariantCulture) + " h",
    };
}
