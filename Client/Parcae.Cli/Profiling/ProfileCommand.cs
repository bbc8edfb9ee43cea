using System.CommandLine;

using Parcae.Cli.Commands;
using Parcae.Cli.Demo.Processes;
using Parcae.Cli.Live;
using Parcae.Grains;
using Parcae.Grains.Profiling;
using Parcae.Liveput.Profiles;

using Spectre.Console;

namespace Parcae.Cli.Profiling;

/// <summary><c>parcae profile</c>: measures a model on this machine.</summary>
internal static class ProfileCommand
{
    private const string Details =
        "It times each layer alone, transfers between two processes, and training steps of small strategies with real worker processes, as many as the machine has cores for; every other strategy that "
        + "fits the memory of an instance is computed from the layers by the step model. The profile says in its source which is which; parcae simulate and parcae plan read it.";

    private static readonly string[] Examples =
    [
        "parcae profile --model gpt2 --batch 8 --micro-batches 8",
        "parcae profile --model my-model.json --precision bfloat16 --memory 16GB",
        "parcae profile --model gpt2 --recompute --threads 4 --max-depth 8 --json",
        "parcae simulate --profile gpt2.profile.json --trace HADP",
    ];

    /// <summary>The verb.</summary>
    public static Command Create(CommandContext context)
    {
        var options = new ProfileOptions();
        var command = new Verb("profile", "Measures a model on this machine; writes a profile.", Details, Examples);
        options.AddTo(command);
        command.SetAction((parsed, cancellation) => RunAsync(context, options, parsed, cancellation));
        return command;
    }

    private static async Task<int> RunAsync(CommandContext context, ProfileOptions options, ParseResult parsed, CancellationToken cancellation)
    {
        var (request, name) = options.Request(parsed);
        bool json = parsed.GetValue(options.Json);
        string? path = parsed.GetValue(options.Out) ?? (json ? null : $"{name}.profile.json");
        if (path is not null && Path.GetDirectoryName(Path.GetFullPath(path)) is { } folder && !Directory.Exists(folder))
            throw new UsageException($"--out: there is no folder {folder}.");
        string silo = SiloLocator.Find(parsed.GetValue(options.Silo), AppContext.BaseDirectory, Environment.GetEnvironmentVariable(SiloLocator.Variable));

        var measured = await MeasureAsync(context, json, silo, request, cancellation).ConfigureAwait(false);
        var profile = new ProfileAssembly(request, measured);
        var document = profile.ToDocument(name, TimeProvider.System.GetUtcNow());
        string text = ProfileWriter.Text(document);
        if (path is not null) await File.WriteAllTextAsync(path, text, cancellation).ConfigureAwait(false);
        if (json)
        {
            await context.Output.WriteAsync(text).ConfigureAwait(false);
            return ParcaeCommand.Ok;
        }

        ProfileTables.Write(context.CreateConsole(), measured, profile, document);
        await context.Output.WriteLineAsync($"The profile is in {Path.GetFullPath(path!)}").ConfigureAwait(false);
        return ParcaeCommand.Ok;
    }

    private static async Task<ProfileMeasurements> MeasureAsync(CommandContext context, bool json, string silo, ProfileRequest request, CancellationToken cancellation)
    {
        if (json || !context.IsTerminal)
        {
            var lines = json ? context.Error : context.Output;
            return await ProfileProcess.RunAsync(silo, request, line => lines.WriteLine($"{line.Done,4:0%}  {line.Text}"), cancellation).ConfigureAwait(false);
        }

        return await context.CreateConsole().Progress().AutoClear(true).ShowAsync(async bars =>
        {
            var bar = bars.AddTask("measuring", maxValue: 1);
            return await ProfileProcess.RunAsync(silo, request, line => (bar.Description, bar.Value) = (Markup.Escape(line.Text ?? ""), line.Done), cancellation).ConfigureAwait(false);
        }).ConfigureAwait(false);
    }
}
