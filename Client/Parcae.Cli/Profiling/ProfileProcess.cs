using System.Diagnostics;
using System.Text.Json;
using Parcae.Cli.Commands;
using Parcae.Cli.Demo.Processes;
using Parcae.Grains.Profiling;

namespace Parcae.Cli.Profiling;

/// <summary>Has the silo's program measure: Torch is loaded there, never here.</summary>
internal static class ProfileProcess
{
    /// <summary>Measures.</summary>
    /// <param name="silo">Path of <c>Parcae.Silo.dll</c>.</param>
    /// <param name="request">What to measure.</param>
    /// <param name="progress">Takes in what is being done, and how much is done.</param>
    /// <param name="cancellation">Ends it, with all workers.</param>
    /// <exception cref="CommandFailedException">It could not be measured; the message says why.</exception>
    public static async Task<ProfileMeasurements> RunAsync(string silo, ProfileRequest request, Action<ProfileLine> progress, CancellationToken cancellation)
    {
        var start = new ProcessStartInfo(SiloLocator.DotnetHost(), [silo, "profile", "--parent-pid", $"{Environment.ProcessId}"])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        using var process = Process.Start(start) ?? throw new CommandFailedException($"{start.FileName} could not be started.");
        var errors = process.StandardError.ReadToEndAsync(CancellationToken.None);
        try
        {
            await process.StandardInput.WriteLineAsync(ProfileJson.Line(request).AsMemory(), cancellation).ConfigureAwait(false);
            await process.StandardInput.FlushAsync(cancellation).ConfigureAwait(false);
            while (await process.StandardOutput.ReadLineAsync(cancellation).ConfigureAwait(false) is { } text)
            {
                var line = ProfileJson.Read<ProfileLine>(text);
                if (line.Error is { } error) throw new CommandFailedException(error);
                if (line.Result is { } result) return result;
                progress(line);
            }

            string why = await errors.ConfigureAwait(false);
            throw new CommandFailedException($"The measuring process ended without a result.{Environment.NewLine}{why[Math.Max(0, why.Length - 2000)..]}");
        }
        catch (JsonException e)
        {
            throw new CommandFailedException($"The measuring process wrote something else than its lines: {e.Message}", e);
        }
        catch (IOException e)
        {
            throw new CommandFailedException($"The measuring process ended at once: {e.Message}{Environment.NewLine}{await errors.ConfigureAwait(false)}", e);
        }
        finally
        {
            // Its workers watch it, and end with it.
            if (!process.HasExited) process.Kill();
            await process.WaitForExitAsync(CancellationToken.None).ConfigureAwait(false);
        }
    }
}
