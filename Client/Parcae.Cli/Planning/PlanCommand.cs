using System.CommandLine;

using Parcae.Cli.Commands;
using Parcae.Cli.Profiles;
using Parcae.Cli.Traces;
using Parcae.Liveput;
using Parcae.Liveput.Forecasting;
using Parcae.Liveput.Planning;
using Parcae.Liveput.Planning.Explaining;
using Parcae.Liveput.Planning.Limits;
using Parcae.Liveput.Profiles;

namespace Parcae.Cli.Planning;

/// <summary><c>parcae plan</c>: one planning decision, explained.</summary>
internal static class PlanCommand
{
    private const string Details =
        "It shows every strategy that fits the instances, its liveput (expected throughput over what may be preempted), what changing to it costs, and what it brings over the look-ahead.";

    private static readonly string[] Examples =
    [
        "parcae plan --profile gpt-1.5b --available 24",
        "parcae plan --profile gpt-1.5b --trace HADP --at 30 --current 3x8 --intact 2",
        "parcae plan --profile bert --available 20 --forecast survival",
        "parcae plan --profile my-model.json --available 32 --budget 20 --json",
    ];

    /// <summary>The verb.</summary>
    public static Command Create(CommandContext context)
    {
        var profile = new Option<string>("--profile") { Description = $"The model's profile: {ProfileSource.Help}.", HelpName = ProfileSource.HelpName, Required = true };
        var available = Values.OptionalInt("--available", "Usable instances. Default: those of the trace.", 0, 65536);
        var current = new Option<string>("--current") { Description = "The strategy in force, like 4x8; pause: none, the job starts.", HelpName = "DxP", DefaultValueFactory = _ => "pause" };
        var intact = Values.OptionalInt("--intact", "How many of its pipelines can go on without moving a layer. Default: all.", 0, 65536);
        var trace = new Option<string?>("--trace") { Description = $"What was seen so far: {TraceSource.Help}. Default: the count never changed.", HelpName = TraceSource.HelpName };
        var at = Values.OptionalInt("--at", "The trace's interval that has just ended, from 0. Default: its last.", 0, int.MaxValue);
        var forecast = new Option<string>("--forecast") { Description = $"The forecaster, one of {string.Join(", ", Forecasters.Names)}.", HelpName = "NAME", DefaultValueFactory = _ => Forecasters.Default };
        var most = Values.OptionalInt("--max-instances", "Instances that were asked for: no forecast goes above. Default: the trace's greatest count; without a trace, no bound.", 1, 1_000_000);
        var costModel = new Option<string?>("--cost-model")
        {
            Description = "Prices of changes: profiled (agreement and transfer), artifact (the published rules, faults included) or corrected. Default: corrected where the profile has constants of reconfiguration, else profiled.",
            HelpName = string.Join('|', PlanSources.CostModels),
        };
        var lookAhead = Values.Int("--look-ahead", "Intervals to look into.", new OptimizerOptions().LookAhead, 1, 1000);
        var budget = Values.OptionalDouble("--budget", "Most that the instances may cost, USD per hour. Default: no bound.", 0, 1e9);
        var price = Values.OptionalDouble("--spot-price", "A spot instance's price, USD per hour. Default: the profile's.", 1e-6, 1e6);
        var top = Values.Int("--top", "How many candidates to show.", 10, 1, 100_000);
        var json = new Option<bool>("--json") { Description = "Print one JSON document on standard output and nothing else." };
        var command = new Verb("plan", "Makes one planning decision and says why.", Details, Examples) { profile, available, current, intact, trace, at, forecast, most, lookAhead, costModel, budget, price, top, json };
        command.SetAction(parsed =>
        {
            var planning = ProfileSource.Load(parsed.GetValue(profile)!);
            var (history, peak, seconds, source) = History(parsed.GetValue(trace), parsed.GetValue(at), parsed.GetValue(available));
            var strategy = PlanSources.Strategy("--current", parsed.GetValue(current)!);
            int whole = parsed.GetValue(intact) ?? strategy.Pipelines;
            if (whole > strategy.Pipelines) throw new UsageException($"--intact: '{whole}' is not valid; it must be at most the {strategy.Pipelines} pipelines of --current.");
            int greatest = history.Max(h => h.Available);
            if (parsed.GetValue(most) is { } asked && asked < greatest) throw new UsageException($"--max-instances: '{asked}' is not valid; it must be at least the {greatest} instances that there were.");
            var forecaster = PlanSources.Forecaster(parsed.GetValue(forecast)!, parsed.GetValue(most) ?? peak);
            var prices = planning.Prices ?? InstancePrices.P32XLarge;
            if (parsed.GetValue(price) is { } spot) prices = prices with { SpotPerHour = spot };
            int horizon = parsed.GetValue(lookAhead);
            var options = new OptimizerOptions
            {
                LookAhead = horizon,
                Budget = parsed.GetValue(budget) is { } usd ? new HourlyBudget(usd, prices) : null,
            };
            var request = new PlanRequest
            {
                Current = strategy,
                Available = history[^1].Available,
                IntactPipelines = whole,
                Forecast = forecaster.Forecast(history, horizon),
                IntervalSeconds = seconds,
            };
            var (model, costs) = PlanSources.Costs(parsed.GetValue(costModel), planning);
            var explanation = PlanExplanation.Of(request, new LiveputOptimizer(planning, costs, options).Plan(request), costs);
            var report = new PlanReport(planning.Model, source, forecaster.Name, model, prices.SpotPerHour, parsed.GetValue(top), explanation);
            if (parsed.GetValue(json)) JsonOutput.Write(context.Output, report.ToDocument());
            else report.Write(context);
            return ParcaeCommand.Ok;
        });
        return command;
    }

    /// <summary>What was seen up to now, the most instances that there can be, the length of an interval and where it is from.</summary>
    private static (AvailabilityInterval[] History, int? Peak, double IntervalSeconds, string Source) History(string? name, int? at, int? available)
    {
        if (name is null)
        {
            if (at is not null) throw new UsageException("--at: it needs --trace.");
            if (available is not { } count) throw new UsageException("--available: it is missing; give the number of instances, or --trace.");
            return ([.. Enumerable.Repeat(new AvailabilityInterval(count, 0, 0), 12)], null, 60, "a steady count");
        }

        var trace = TraceSource.Load(name);
        int last = at ?? trace.Intervals.Count - 1;
        if (last >= trace.Intervals.Count) throw new UsageException($"--at: '{last}' is not valid; {trace.Name} has the intervals 0 to {trace.Intervals.Count - 1}.");
        var history = trace.ToHistory()[..(last + 1)];

        // What is usable now may differ from what the trace last saw: the difference has just come or gone.
        if (available is { } now && now != history[^1].Available)
        {
            int before = history[^1].Available;
            history = [.. history, new AvailabilityInterval(now, Math.Max(0, now - before), Math.Max(0, before - now))];
        }

        return (history, Math.Max(trace.Peak, history[^1].Available), trace.IntervalSeconds, $"{trace.Name}, interval {last}");
    }
}
