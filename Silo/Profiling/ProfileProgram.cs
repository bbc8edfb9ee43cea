using System.Text.Json;
using Parcae.GpuWorker.Profiling;
using Parcae.Grains.Profiling;
using Parcae.Silo.Hosting;

namespace Parcae.Silo.Profiling;

/// <summary>The processes of a profiling run: one that measures, and the workers that it starts.</summary>
internal static class ProfileProgram
{
    /// <summary>Reads a <see cref="ProfileRequest"/> from standard input and writes <see cref="ProfileLine"/>s. Returns 1 when it fails; the last line says why.</summary>
    public static async Task<int> RunAsync()
    {
        // Only one writer: whatever else is written to the console would be no line of the protocol.
        var output = Console.Out;
        Console.SetOut(Console.Error);
        void Say(ProfileLine line)
        {
            lock (output)
            {
                output.WriteLine(ProfileJson.Line(line));
                output.Flush();
            }
        }

        try
        {
            string? line = await Console.In.ReadLineAsync();
            var request = line is null ? throw new ProfileException("There is no request on standard input.") : ProfileJson.Read<ProfileRequest>(line);
            Say(new ProfileLine { Done = 1, Result = await new Profiler(request, (text, done) => Say(new ProfileLine { Text = text, Done = done })).RunAsync() });
            return 0;
        }
        catch (Exception e) when (e is ProfileException or JsonException)
        {
            Say(new ProfileLine { Error = e.Message });
            return 1;
        }
    }

    /// <summary>A worker of such a run; ends with its standard input.</summary>
    public static async Task<int> RunWorkerAsync(SiloSettings settings)
    {
        var output = Console.Out;
        Console.SetOut(Console.Error);
        await ProfileWorker.RunAsync(settings.InstanceId ?? "worker", settings.Threads, Console.In, output);
        return 0;
    }
}

/// <summary>A measurement failed; the message says why.</summary>
internal sealed class ProfileException(string message) : Exception(message);
