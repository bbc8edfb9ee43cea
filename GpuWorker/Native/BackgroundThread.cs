using System.Runtime.InteropServices;

namespace Parcae.GpuWorker.Native;

/// <summary>Threads that only prepare something.</summary>
internal static partial class BackgroundThread
{
    // A quarter of the share of a thread that has its normal priority: late, but never starved.
    private const int Niceness = 6;
    private const int ThisThread = 0;

    /// <summary>
    /// Has this thread give way to others where they share cores, as those of several workers on one machine do: what it prepares can wait a little, a step cannot. For good, so only for threads that end
    /// with their work. Does nothing but on Linux.
    /// </summary>
    public static void GiveWay()
    {
        // One that may not does without.
        if (OperatingSystem.IsLinux()) _ = SetPriority(ThisThread, 0, Niceness);
    }

    // PRIO_PROCESS with 0 is the calling thread (setpriority(2), "C library/kernel differences").
    [LibraryImport("libc", EntryPoint = "setpriority")]
    private static partial int SetPriority(int which, uint who, int priority);
}
